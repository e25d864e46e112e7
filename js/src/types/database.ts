// What can be done with a database: definitions, batches, sync, health. Types only; knows nothing of how it is done.

import type { ChangesListener } from './change.js'
import type { Collection, UpdateOptions, WriteOptions } from './collection.js'
import type { Doc } from './doc.js'
import type { Live, Unsubscribe } from './live.js'
import type { Merge } from './merge.js'
import type { Notice, NoticesChange } from './notice.js'
import type { JoinOptions, Peer, PeerChannel } from './peer.js'
import type { IndexFields } from './query.js'
import type { Migrations, StandardSchema } from './schema.js'

declare const valueType: unique symbol

/** How a collection is kept and read. */
export interface CollectionOptions<Value = unknown> {
  /**
   * The fields by which queries find and sort: each a field, or a list of fields of which the first one sorts first. An
   * index is kept in memory, made when the first query needs it, and never stored: declare as you like, and change it at
   * any time.
   */
  readonly indexes?: readonly IndexFields<Value>[]
  /**
   * What values must be: a schema of zod, valibot, arktype or any other library that implements Standard Schema v1, which
   * must validate at once and accept what it has given. It decides the type of the values.
   *
   * What is written is validated, and stored as the schema gives it; what is not valid is refused with `EyotError`
   * `schema-invalid`. What is read and is not valid is kept, but left out of lists and queries: see
   * {@link Collection.invalid}. Fields that the schema does not know, and that something newer has written, are kept.
   */
  readonly schema?: StandardSchema<Value>
  /** The version of the schema: 1 if nothing else is said. Every value is stored with the version that wrote it. */
  readonly version?: number
  /**
   * How values of older versions become those of the next one, by the older one's number. Applied when a value is read;
   * stored with its next write.
   */
  readonly migrate?: Migrations
  /** What is shown while concurrent versions of a record stand; `'keep'`, if nothing else is said. */
  readonly merge?: Merge<Value>
}

/** What a collection holds. Made by `collection<Value>()`; `{}` defines one whose values are `unknown`. */
export interface CollectionDefinition<Value = unknown> extends Omit<CollectionOptions, 'merge'> {
  /** See {@link CollectionOptions.merge}. */
  readonly merge?: Merge<Value>
  /** Exists for the type checker only. */
  readonly [valueType]?: (value: Value) => Value
}

/** The collections of a database by name. */
// `any`: the type of a definition is invariant in its value, and any value will do here.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type CollectionDefinitions = Readonly<Record<string, CollectionDefinition<any>>>

/** The collections of a database that was opened without naming any: every name, and values of which nothing is known. */
export type DefaultCollections = Readonly<Record<string, CollectionDefinition>>

/** The type of the values that a definition defines. */
export type ValueOf<Definition> = Definition extends CollectionDefinition<infer Value> ? Value : never

/** Where the engine's WebAssembly comes from, if not from the file beside the package's script. */
export type WasmSource = URL | Response | WebAssembly.Module | BufferSource

/** How to open a database. */
export interface OpenOptions<Definitions extends CollectionDefinitions = DefaultCollections> {
  /** The collections. Given, there are no others; left out, every name that a collection can have is one. */
  readonly collections?: Definitions
  /**
   * About how many bytes of memory the records may take that are kept from the disk: 32 MiB (33,554,432) if nothing else is
   * said. A smaller database is in memory as a whole; of a larger one what was used last.
   */
  readonly cacheBytes?: number
  /**
   * For how many milliseconds deletions are remembered, 30 days if nothing else is said; `Infinity` for ever. A device that
   * was away for longer compares what it holds with what the others hold, and nothing that was deleted comes back.
   */
  readonly keepDeletionsForMs?: number
  /** The largest encoded value of a record, in bytes: 1 MiB (1,048,576) if nothing else is said. */
  readonly maximumRecordBytes?: number
  /**
   * Whose copy of the database this is, where several people use one browser: 1 to 64 of `a-z`, `0-9`, `_` and `-`. Each
   * profile has a copy of its own; to relays and other devices they are all copies of the same database.
   */
  readonly profile?: string
  /** Where the engine's WebAssembly comes from. Left out: from `eyot_bg.wasm` beside the package's script. */
  readonly wasm?: WasmSource
}

/** Which copy to destroy. */
export interface DestroyOptions {
  /** As it was opened. */
  readonly profile?: string
  /** Where the engine's WebAssembly comes from. Left out: from `eyot_bg.wasm` beside the package's script. */
  readonly wasm?: WasmSource
}

/** A collection inside a batch. Nothing waits here: the batch is written as a whole when its function returns. */
export interface BatchCollection<Value> {
  /** The value that the record will display, with what this batch has written so far; `undefined` when there is none. */
  value(id: string): Value | undefined
  /** Puts the value under a new id, which is returned. */
  add(value: Value): string
  /** Writes the value. */
  put(id: string, value: Value, options?: WriteOptions): void
  /** Applies the function to the value and writes what it returns. */
  update(id: string, change: (value: Value) => Value, options?: UpdateOptions<Value>): void
  /** Deletes the record. */
  delete(id: string, options?: WriteOptions): void
}

/** The collections inside a batch, by name: `tx.notes.put(...)`. */
export type Batch<Definitions extends CollectionDefinitions = DefaultCollections> = {
  readonly [Name in keyof Definitions]: BatchCollection<ValueOf<Definitions[Name]>>
}

/** A record with siblings, wherever it is in the database. */
export interface Conflict {
  /** The collection's name. */
  readonly collection: string
  /** The record's id. */
  readonly id: string
  /** The record. */
  readonly doc: Doc<unknown>
}

/**
 * What the sync is doing. `offline` and `waiting` are states, not errors: Eyot goes on by itself.
 *
 * - `off`: not started, or stopped.
 * - `offline`: the browser says that there is no network.
 * - `connecting`: reaching the relay.
 * - `catching-up`: exchanging what each side lacks; `received` of `expected` log entries are in.
 * - `live`: connected, and changes flow as they are made.
 * - `waiting`: the last try failed for the reason in `error`; the next one is at `error.retryAt`.
 * - `elsewhere`: another tab of this browser holds the network sync, and this one gets everything through it.
 */
export type SyncState = 'off' | 'offline' | 'connecting' | 'catching-up' | 'live' | 'waiting' | 'elsewhere'

/** Why the sync is waiting. */
export interface SyncProblem {
  /** A stable code, of the relay or of the network, e.g. `unauthenticated`. */
  readonly code: string
  /** The same in a sentence. */
  readonly message: string
  /** When the next try will be made: milliseconds since 1970. Left out: not by itself. */
  readonly retryAt?: number
}

/** The state of the sync, and its figures. */
export interface SyncStatus {
  readonly state: SyncState
  /** How many changed records no relay has acknowledged yet. */
  readonly unsent: number
  /** While catching up: how many log entries have been taken in. */
  readonly received: number
  /** While catching up: of how many. */
  readonly expected: number
  /** When the other side was last heard of: milliseconds since 1970. */
  readonly lastHeardAt: number | undefined
  /** Bytes of messages received so far, decompressed: on the wire they were fewer. */
  readonly bytesIn: number
  /** Bytes of messages sent so far, before they were compressed. */
  readonly bytesOut: number
  /** How often this side has waited for an answer so far. */
  readonly roundTrips: number
  /** Why it waits, in the state `waiting`. */
  readonly error?: SyncProblem
}

/** How to sync. */
export interface SyncOptions {
  /**
   * Gives the token that the relay asks for, anew for each connection, and again before the present one expires, if it says
   * when, as a JWT does in `exp`: then the connection goes on. It goes in messages, never in a URL.
   */
  readonly token?: () => Promise<string> | string
}

/** A running sync. */
export interface Sync {
  /** What it is doing. */
  readonly status: Live<SyncStatus>
  /** Ends it. Writing goes on; what is unsent is sent by the next one. */
  stop(): void
}

/** How well the device keeps the data. */
export interface Health {
  /**
   * Whether the browser has promised to keep the data when it runs out of room; `undefined` when it does not say. Read when
   * the database is opened; `navigator.storage.persist()` asks for it.
   */
  readonly persisted: boolean | undefined
  /** Bytes in use by this origin, as the browser estimates. */
  readonly usage: number | undefined
  /** Bytes that this origin may use, as the browser estimates. */
  readonly quota: number | undefined
  /** The code of the last failure to store, until storing works again. */
  readonly degraded: string | undefined
}

/** How to wait. */
export interface WaitOptions {
  /** Ends the waiting: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * One database on this device: a leader of its own, whether or not a network is there.
 */
export interface Database<Definitions extends CollectionDefinitions = DefaultCollections> {
  /** The database's name. */
  readonly name: string

  /** The collection of that name. Its type comes from the definitions, or from the type argument. */
  // Two type parameters, so that `collection<Note>('notes')` with its one means the second form, whatever `Note` is.
  collection<Name extends keyof Definitions & string, Definition extends Definitions[Name]>(
    name: Name,
  ): Collection<ValueOf<Definition>>
  collection<Value>(name: keyof Definitions & string): Collection<Value>

  /**
   * Writes several records, in any collections, as one: all or nothing, here and on every other replica. The function
   * must not be `async`; when it throws, nothing is written. Resolves with what it returned, when all is on disk.
   *
   * Where the function reads a record that is not in memory, it is stopped, and run again from the beginning when the record
   * is there: it should do nothing but read, compute and write through `tx`.
   *
   * @example
   * ```ts
   * await db.batch(tx => {
   *   tx.notes.put('n1', note)
   *   tx.tags.delete('t7')
   * })
   * ```
   */
  batch<Result>(work: (tx: Batch<Definitions>) => Result): Promise<Result>

  /** The records with siblings, in the order of collection and id. */
  conflicts(): Live<readonly Conflict[]>

  /**
   * Calls the listener with what changes in the collections that `open` was given, wherever it was made: with the records
   * before and after, and why. See {@link Collection.changes}.
   */
  changes(listener: ChangesListener): Unsubscribe

  /**
   * Syncs with a relay, until stopped: whenever there is a path, by itself. The URL names the database at the relay, and
   * need not be reachable now.
   *
   * @example
   * ```ts
   * const sync = db.sync('wss://relay.example/v1/sync/field-notes', { token: () => fetchToken() })
   * sync.status.subscribe(status => show(status.state, status.unsent))
   * ```
   */
  sync(url: string | URL, options?: SyncOptions): Sync
  /**
   * Syncs with another replica over a channel that the application has made, with a relay or without: another window, a
   * device nearby. Whatever comes from one goes on to the others. A channel that has ended is not made again by itself.
   *
   * @example
   * ```ts
   * const peer = db.join(dataChannel, { calls: true }) // and { calls: false } on the other side
   * await peer.caughtUp()
   * ```
   */
  join(channel: MessagePort | RTCDataChannel | PeerChannel, options: JoinOptions): Peer
  /** Resolves when a relay, or a replica that was joined, has acknowledged all that was written so far. Waits for as long as that takes. */
  saved(options?: WaitOptions): Promise<void>
  /** All that this replica has seen, as a token to hand to {@link Database.until} of another one. */
  token(): string
  /** Resolves when this replica has seen everything that the token stands for. Waits for as long as that takes. */
  until(token: string, options?: WaitOptions): Promise<void>

  /** The whole database: records, siblings and all that a merge needs. */
  export(): Promise<Uint8Array>
  /** Merges what `export` has given, here or elsewhere. Resolves with the number of records that changed. */
  import(bytes: Uint8Array): Promise<number>

  /** How well the device keeps the data. */
  readonly health: Live<Health>

  /**
   * What has come to light since the database was opened and a person may want to know, the oldest first. Nothing of it
   * need be acted on. The last hundred are kept, so that whoever subscribes later misses nothing.
   *
   * @example
   * ```ts
   * db.notices.subscribe((notices, { added }) => added.forEach(({ code, message }) => show(code, message)))
   * ```
   */
  readonly notices: Live<readonly Notice[], NoticesChange>

  /** Waits until every write has ended, and lets go of the storage. What is called afterwards fails with `closed`. */
  close(): Promise<void>
  /**
   * Resolves when the database has been closed, with the reason: `closed` for {@link Database.close}, or a code such as
   * `destroyed-elsewhere`, `version-change` or `storage-lost`.
   */
  readonly closed: Promise<string>
}
