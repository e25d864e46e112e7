// What can be done with a collection. Types only; knows nothing of how it is done.

import type { ChangesListener } from './change.js'
import type { DeletedDoc, Doc } from './doc.js'
import type { Live, Unsubscribe } from './live.js'
import type { LiveQuery, QueryOptions } from './query.js'

/**
 * What can be stored: JSON, and `Date`, `Uint8Array` and `bigint`. What is read equals what was written, exactly.
 *
 * Anything else (`undefined` inside a value, `NaN`, a `Map`, an instance of a class, a cycle ...) is a `TypeError` that
 * names the place: `value.items[3].when`. A value may be 200 levels deep.
 */
export type Storable =
  | null
  | boolean
  | number
  | string
  | bigint
  | Date
  | Uint8Array
  | readonly Storable[]
  | { readonly [property: string]: Storable }

/** How to write. */
export interface WriteOptions {
  /**
   * The `context` of the document that the writer has read; `''` for "there was no such record". The write replaces
   * what that document accounts for, and every version that arrived since stays as a sibling.
   *
   * Left out, it is the record's present one: the write replaces all that this device knows of.
   */
  readonly context?: string | undefined
}

/** How to update. */
export interface UpdateOptions<Value> {
  /** What the function is given when there is no such record. Left out, that is an `EyotError` `not-found`. */
  readonly initial?: Value
}

/** Which part of a collection to list. */
export interface ListOptions {
  /** List what comes after this id. */
  readonly after?: string | undefined
  /** At most so many. */
  readonly limit?: number | undefined
}

/** Why something changed: written here, in another tab, arrived by sync, acknowledged by a relay, or first loaded. */
export type ChangeCause = 'local' | 'tab' | 'remote' | 'saved' | 'load'

/** What is different from the previous call of a collection's listener. */
export interface CollectionChange {
  /** The ids of the records that were added, changed or removed. */
  readonly ids: readonly string[]
  /** Why: one cause, or several when changes have met in one call. */
  readonly causes: readonly ChangeCause[]
  /** Whether the whole collection is in the list; `false` while a large one is still being read. */
  readonly loaded: boolean
}

/** A record, kept up to date. */
export interface LiveRecord<Value> extends Live<Doc<Value> | undefined> {
  /** Whether the record is known; `false` while it is still being read, and then the document is `undefined`. */
  readonly loaded: () => boolean
}

/** All documents of a collection in the order of their ids (by code point), kept up to date. */
export interface LiveCollection<Value> extends Live<readonly Doc<Value>[], CollectionChange> {
  /** Whether the whole collection is in the list; `false` while a large one is still being read. */
  readonly loaded: () => boolean
}

/**
 * A named set of records.
 *
 * Every write is visible at once, in this tab and without waiting (in a database that is not in memory as a whole, perhaps
 * a moment later, when its record has been read); its promise resolves when it is on disk. If it cannot
 * be made durable, the promise rejects and the write is taken back out of view.
 */
export interface Collection<Value> {
  /** The collection's name. */
  readonly name: string

  /** The record as it is now; `undefined` when it is absent or deleted. */
  get(id: string): Promise<Doc<Value> | undefined>
  /**
   * The same as `get`, without waiting, and of what is in memory only: `undefined` says that the record is absent, deleted,
   * or that it has to be read from the disk first, as `get` and `live` do. A database that fits into `cacheBytes` is in memory
   * as a whole soon after it is opened; so is what was written or read lately.
   */
  peek(id: string): Doc<Value> | undefined
  /**
   * Records in the order of their ids, deleted ones left out. A long list is read in slices, with room for the page to
   * work in between.
   *
   * @example
   * ```ts
   * const firstPage = await notes.list({ limit: 50 })
   * const nextPage = await notes.list({ limit: 50, after: firstPage.at(-1)?.id })
   * ```
   */
  list(options?: ListOptions): Promise<readonly Doc<Value>[]>
  /** How many records there are, deleted ones left out. */
  count(): Promise<number>

  /** Puts the value under a new id that sorts after the ids made before it, and resolves with its document. */
  add(value: Value): Promise<Doc<Value>>
  /**
   * Writes the value and resolves, when it is on disk, with the document.
   *
   * The `context` of that document is what *this writer* has seen: what it handed over (or the record's present one),
   * and its own write; not what arrived meanwhile. A form that saves itself hands each result's context to the next
   * save, and so never replaces a version that its user has not been shown. If something deleted the record before the
   * write was on disk, the document is the one that was written, and its context is empty.
   *
   * @example
   * ```ts
   * let { context } = doc
   * async function save(note: Note) {
   *   ({ context } = await notes.put('n1', note, { context }))
   * }
   * ```
   */
  put(id: string, value: Value, options?: WriteOptions): Promise<Doc<Value>>
  /**
   * Reads, applies the function and writes what it returns, with the context of the read. The function must return at
   * once, and a new value: what it is given is frozen. It is called at once if the record is in memory, and otherwise as soon
   * as it is.
   *
   * @example
   * ```ts
   * await notes.update('n1', note => ({ ...note, done: true }))
   * await counters.update('visits', count => count + 1, { initial: 0 })
   * ```
   */
  update(id: string, change: (value: Value) => Value, options?: UpdateOptions<Value>): Promise<Doc<Value>>
  /**
   * Deletes the record, and resolves with what is left: the document, when a version survives that the given context does
   * not account for; the deletion, whose `context` undoes it (`put` with that context), as long as the engine tells of it;
   * and `undefined` when there is nothing to tell of.
   */
  delete(id: string, options?: WriteOptions): Promise<Doc<Value> | DeletedDoc<Value> | undefined>

  /** One record, to be watched. */
  live(id: string): LiveRecord<Value>
  /** All records, to be watched. */
  live(): LiveCollection<Value>
  /** The same as `live(id).subscribe(listener)`. */
  subscribe(id: string, listener: (doc: Doc<Value> | undefined) => void): Unsubscribe
  /**
   * The same as `live().subscribe(listener)`: all documents in the order of their ids, and what has changed. A large
   * collection comes in slices, the first one at once; `change.loaded` tells when all are there.
   *
   * @example
   * ```ts
   * const unsubscribe = notes.subscribe((docs, change) => {
   *   for (const id of change.ids) index.refresh(id)
   * })
   * ```
   */
  subscribe(listener: (docs: readonly Doc<Value>[], change: CollectionChange) => void): Unsubscribe
  /**
   * The records that fulfil conditions, in an order, kept up to date. Equal questions have the same answer: asking again is
   * cheap, and gives the same object while somebody holds it. Records in conflict count by the value that they display.
   *
   * @example
   * ```ts
   * const open = notes.query({ where: { done: false }, orderBy: 'title', limit: 50 })
   * open.subscribe(docs => render(docs))
   * ```
   */
  query(options?: QueryOptions<Value>): LiveQuery<Value>
  /**
   * Calls the listener with what changes from now on, wherever it was made: with the records before and after, and why.
   * What became visible in one go is one call, in a microtask after it; a record that changed several times until then is
   * told of once. The records are held in memory meanwhile. A large collection is read in slices first, and what changes
   * before its slice has been read is not told.
   *
   * @example
   * ```ts
   * const unsubscribe = notes.changes(changes => {
   *   for (const { before, after, cause } of changes) show(before?.value.title, after?.value.title, cause)
   * })
   * ```
   */
  changes(listener: ChangesListener<Value>): Unsubscribe

  /**
   * The records whose displayed value is not what the collection's schema demands, to be watched: `issues` of a document says
   * what is wrong. They are kept, as another device wrote them, and left out of lists, queries and counts; `get` gives them.
   * They come back when they are valid: by a write, or with an app that knows their form.
   */
  invalid(): LiveCollection<Value>

  /** The records of this collection that have siblings. */
  conflicts(): Live<readonly Doc<Value>[]>
}
