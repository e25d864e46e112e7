// The public types of devices that an application joins by itself. Types only.

import type { Live } from './live.js'

/**
 * Something of your own that carries messages to another replica: whole, in order, and without loss until it ends. A
 * `MessagePort` and an `RTCDataChannel` are taken as they are.
 */
export interface PeerChannel {
  /** Sends a message. It is Eyot's no longer. */
  send(message: Uint8Array): void
  /** Ends the channel. */
  close(): void
  /** Set by Eyot: to be called with every message that comes. */
  onmessage: ((message: Uint8Array) => void) | null
  /** Set by Eyot: to be called when the channel has ended by itself, with the reason if there is one to tell. */
  onclose: ((reason?: string) => void) | null
}

/** How to join another replica. */
export interface JoinOptions {
  /** True on one side of the channel, false on the other: one must speak first. Whoever has made the channel, say. */
  readonly calls: boolean
}

/**
 * What the connection to another replica is doing.
 *
 * - `connecting`: neither has told yet what it has.
 * - `catching-up`: exchanging what each side lacks; `received` of `expected` log entries are in.
 * - `live`: both have the same, and changes flow as they are made.
 * - `left`: it is over, for the reason in `error`.
 */
export type PeerState = 'connecting' | 'catching-up' | 'live' | 'left'

/** The state of the connection to another replica. */
export interface PeerStatus {
  readonly state: PeerState
  /** How many entries of the other's log have been taken in. */
  readonly received: number
  /** Of how many, as far as the other has told. */
  readonly expected: number
  /** Why it is over, in the state `left`. */
  readonly error?: { readonly code: string; readonly message: string }
}

/** Another replica that this one is connected to. */
export interface Peer {
  /** What the connection is doing. */
  readonly status: Live<PeerStatus>
  /** Resolves when both sides have the same. Rejects with `peer-left` when the connection ends before. */
  caughtUp(): Promise<void>
  /** Ends it: the other side is told, and the channel is closed. Another channel may be joined at any time. */
  leave(): void
}
