// A replica that the application has joined: its channel, its status, and its end. Must not know how syncing is done.

import type { Connection } from './connection.js'
import { LiveValue } from './live-value.js'
import { show } from './names.js'
import { checkOptions } from './options.js'
import { openChannel, type OpenChannel } from './peer-channel.js'
import type { RawPeerStatus } from './shell.js'
import type { JoinOptions, Peer, PeerStatus } from './types/peer.js'

/** See the public type. */
export class JoinedPeer implements Peer {
  /** What names it to the engine. */
  readonly link: number
  readonly status: LiveValue<PeerStatus>
  readonly #connection: Connection
  readonly #channel: OpenChannel
  #hasLeft = false

  /** Joins. */
  constructor(connection: Connection, channel: unknown, options: JoinOptions) {
    const calls = checkJoin(options)
    this.#connection = connection
    this.status = new LiveValue<PeerStatus>(Object.freeze({ state: 'connecting', received: 0, expected: 0 }))
    // What it brings comes only after this has returned.
    this.#channel = openChannel(channel, {
      received: message => { this.#tell(message) },
      ended: reason => { this.#lose(reason) },
    })
    const send = (message: Uint8Array): void => { this.#channel.send(message) }
    this.link = connection.ask(shell => shell.peerJoin(calls, this.#channel.compresses, send))
  }

  async caughtUp(): Promise<void> {
    return this.#connection.wait(shell => shell.peerCaughtUp(this.link))
  }

  leave(): void {
    if (!this.#hasLeft && this.#connection.isOpen) this.#connection.ask(shell => { shell.peerDismiss(this.link) })
  }

  /** The engine has told how it stands. */
  tell(raw: RawPeerStatus): void {
    if (!this.#hasLeft) this.status.set(Object.freeze({ ...raw }))
  }

  /** It is over. */
  end(code: string, message: string): void {
    if (this.#hasLeft) return
    this.#hasLeft = true
    const { received, expected } = this.status.snapshot()
    this.status.finish(Object.freeze({ state: 'left', received, expected, error: Object.freeze({ code, message }) }))
    this.#channel.close()
  }

  #tell(message: Uint8Array): void {
    if (!this.#hasLeft && this.#connection.isOpen) this.#connection.ask(shell => { shell.peerReceived(this.link, message) })
  }

  #lose(reason: string): void {
    if (!this.#hasLeft && this.#connection.isOpen) this.#connection.ask(shell => { shell.peerClosed(this.link, reason) })
  }
}

function checkJoin(options: unknown): boolean {
  checkOptions(options, ['calls'])
  const { calls } = (options ?? {}) as Partial<Record<'calls', unknown>>
  if (typeof calls !== 'boolean') throw new TypeError(`calls must be true on one side and false on the other, not ${show(calls)}`)
  return calls
}
