// The boundary to the engine's WebAssembly: what the browser shell takes and gives. Types only. The facade must not
// know more of the engine than this page says, and this page says nothing of the facade's values: `text` is opaque here.

import type { NoticeCode } from './types/notice.js'

/** One version of a record, as the engine shows it. */
export interface RawVersion {
  /** The encoded value; `undefined` for a deletion. */
  readonly text: string | undefined
  /** Milliseconds since 1970. */
  readonly at: number
  /** 32 hex digits. */
  readonly replica: string
  /** `replica:counter`; several when equal contents were written concurrently. Never empty. */
  readonly dots: readonly string[]
  /** Dots that the encoded value names by their places. */
  readonly references: readonly string[]
  /**
   * For each reference which writes have seen it, by the places that their dots have where those of all versions stand one
   * after the other. `undefined` where there is one version, or no reference, or it was too much to judge.
   */
  readonly seen: readonly (readonly number[])[] | undefined
}

/** A record, as the engine shows it. */
export interface RawDoc {
  readonly context: string
  readonly conflicted: boolean
  readonly pending: boolean
  /** The displayed version first. Never empty. */
  readonly versions: readonly RawVersion[]
}

/** What the network sync is doing. */
export interface RawSyncStatus {
  readonly state: 'off' | 'offline' | 'connecting' | 'catching-up' | 'live' | 'waiting' | 'elsewhere'
  readonly unsent: number
  readonly received: number
  readonly expected: number
  readonly lastHeardAt: number | undefined
  readonly bytesIn: number
  readonly bytesOut: number
  readonly roundTrips: number
  readonly error?: { readonly code: string; readonly message: string; readonly retryAt?: number } | undefined
}

/** How a connection to another replica stands. */
export interface RawPeerStatus {
  readonly state: 'connecting' | 'catching-up' | 'live'
  readonly received: number
  readonly expected: number
}

/** How well the device keeps the data. */
export interface RawHealth {
  readonly persisted: boolean | undefined
  readonly usage: number | undefined
  readonly quota: number | undefined
  readonly degraded: string | undefined
}

/** What the application may want to know. */
export interface RawNotice {
  readonly code: NoticeCode
  readonly records: readonly (readonly [collection: string, id: string])[]
  /** Milliseconds since 1970. */
  readonly savedAt?: number | undefined
}

/** What the shell tells by itself. A change is told after it has become visible. */
export type ShellEvent =
  | {
      readonly kind: 'changed'
      readonly collection: string
      /** As JSON, where they come from the engine: of many thousands nobody may want to know. */
      readonly ids: readonly string[] | string
      readonly cause: 'local' | 'tab' | 'remote' | 'saved'
    }
  | { readonly kind: 'sync'; readonly status: RawSyncStatus }
  | { readonly kind: 'peer'; readonly link: number; readonly status: RawPeerStatus }
  | { readonly kind: 'peer-left'; readonly link: number; readonly code: string; readonly message: string }
  | { readonly kind: 'health'; readonly health: RawHealth }
  | (RawNotice & { readonly kind: 'notice' })
  | { readonly kind: 'closed'; readonly code: string }

/** Records, packed with their ids; the last id that was looked at; and what comes after it. */
export type RawPage = readonly [packed: string, last: string | undefined, rest: 'none' | 'here' | 'away']

/** How the shell is opened. */
export interface ShellOptions {
  readonly cacheBytes?: number
  readonly keepDeletionsForMs?: number
  readonly maximumRecordBytes?: number
  readonly profile?: string
}

/** An open database. */
export interface Shell {
  /** The record of that key (`collection/id`), packed; `packing.ts` says how. Empty when it is not in memory. */
  get(key: string): string | undefined
  /** In the order of ids, after `after`; deleted records left out unless conflicted. */
  page(collection: string, after: string | undefined, limit: number): RawPage
  /** Resolves when the record is in memory; it may be gone from there again when somebody looks. */
  fetch(key: string): Promise<void>
  /** The same with the records that come next after `after`. */
  fetchAfter(collection: string, after: string | undefined): Promise<void>
  count(collection: string): number
  conflicts(): [collection: string, id: string][]
  /**
   * Visible when this returns; resolves when durable, if `answered` with the records as their writers have seen them, packed.
   * Throws when the input is bad. All or nothing.
   */
  write(packed: Uint8Array, answered: boolean): Promise<string | undefined>
  token(): string
  /** The name of this copy of the database: one for all tabs. */
  replica(): string
  until(token: string): Promise<void>
  saved(): Promise<void>
  syncStart(url: string, token: (() => Promise<string>) | undefined): void
  syncStop(): void
  syncStatus(): RawSyncStatus
  /** Names a connection to another replica. `send` is called later, with bytes that nobody else has. */
  peerJoin(calls: boolean, compresses: boolean, send: (message: Uint8Array) => void): number
  peerReceived(link: number, message: Uint8Array): void
  peerClosed(link: number, reason: string): void
  peerDismiss(link: number): void
  /** Rejects with `peer-left` if the connection ends before. */
  peerCaughtUp(link: number): Promise<void>
  exportAll(): Promise<Uint8Array>
  importAll(bytes: Uint8Array): Promise<number>
  health(): RawHealth
  close(): Promise<void>
}

/** The four outcomes of comparing two contexts. */
export type Comparison = 'equal' | 'incoming-wins' | 'local-wins' | 'conflict'

/** The loaded engine: what there is before a database is open. */
export interface Engine {
  open(name: string, options: ShellOptions, onEvent: (event: ShellEvent) => void): Promise<Shell>
  destroy(name: string, profile: string | undefined): Promise<void>
  compare(local: string, incoming: string): Comparison
}
