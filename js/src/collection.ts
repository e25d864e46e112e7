// A collection: reads, writes and watches of named records. Must not know of other collections.

import { ChangeFeed } from './change-feed.js'
import type { Connection } from './connection.js'
import type { CollectionSettings } from './definition.js'
import { isListed, versionedOf } from './doc.js'
import { EyotError } from './errors.js'
import type { Hub } from './hub.js'
import { LiveCollection } from './live-collection.js'
import { LiveConflicts } from './live-conflicts.js'
import { LiveRecord } from './live-record.js'
import { checkId, show } from './names.js'
import { newId } from './new-id.js'
import { checkOptions } from './options.js'
import type { LiveQuery } from './query/live-query.js'
import { Queries } from './query/queries.js'
import type { Shape } from './schema/shape.js'
import { AWAY, type Store } from './store.js'
import type * as types from './types/collection.js'
import type { ChangesListener } from './types/change.js'
import type { DeletedDoc, Doc } from './types/doc.js'
import type { Live, Unsubscribe } from './types/live.js'
import type { QueryOptions } from './types/query.js'
import { makeWrite, type Given, type Writer, type Written } from './writes.js'
import { applyUpdate } from './update.js'
import { yieldToPage } from './yield-to-page.js'

// How many records a list reads at once, and how long it goes on before the page gets its turn.
const PAGE_RECORDS = 200
const SLICE_MS = 8

/** What the collections of a database share. */
export interface Parts {
  readonly connection: Connection
  readonly store: Store
  readonly hub: Hub
  readonly writer: Writer
  /** The largest encoded value of a record. */
  readonly maximumBytes: number
  /** Whose copy of the database it is. */
  readonly profile: string | undefined
}

type RecordListener = (doc: Doc<unknown> | undefined) => void
type CollectionListener = (docs: readonly Doc<unknown>[], change: types.CollectionChange) => void

/** See the public type. */
export class RecordCollection implements types.Collection<unknown> {
  readonly name: string
  readonly #parts: Parts
  readonly #shape: Shape | undefined
  readonly #queries: Queries
  #all: LiveCollection | undefined
  #changes: ChangeFeed | undefined
  #invalid: LiveCollection | undefined
  #conflicts: Live<readonly Doc<unknown>[]> | undefined

  constructor(name: string, parts: Parts, { indexes, shape }: CollectionSettings) {
    this.name = name
    this.#parts = parts
    this.#shape = shape
    const { connection, hub, store } = parts
    this.#queries = new Queries({ connection, hub, store, collection: name, indexes })
  }

  async get(id: string): Promise<Doc<unknown> | undefined> {
    checkId(id)
    const doc = this.#parts.store.read(this.name, id)
    return doc === AWAY ? this.#parts.store.load(this.name, id) : doc
  }

  peek(id: string): Doc<unknown> | undefined {
    checkId(id)
    const doc = this.#parts.store.read(this.name, id)
    return doc === AWAY ? undefined : doc
  }

  async list(options?: types.ListOptions): Promise<readonly Doc<unknown>[]> {
    checkOptions(options, ['after', 'limit'])
    const { after, limit = Infinity } = options ?? {}
    if (after !== undefined) checkId(after)
    if (typeof limit !== 'number' || !(limit >= 0)) throw new TypeError(`limit must be 0 or more, not ${show(limit)}`)
    const docs: Doc<unknown>[] = []
    let turnEnds = performance.now() + SLICE_MS
    for (let from: string | undefined = after; ; ) {
      const room = Math.min(PAGE_RECORDS, Math.floor(limit) - docs.length)
      if (room <= 0) return docs
      const page = this.#parts.store.page(this.name, from, room)
      docs.push(...page.docs.filter(doc => isListed(doc)))
      if (page.rest === 'none' || docs.length >= limit) return docs
      from = page.last
      if (page.rest === 'away') await this.#parts.store.fetchAfter(this.name, from)
      if (performance.now() < turnEnds) continue
      await yieldToPage()
      turnEnds = performance.now() + SLICE_MS
    }
  }

  async count(): Promise<number> {
    // The engine does not know what is valid.
    if (this.#shape !== undefined) return (await this.list()).length
    return Promise.resolve(this.#parts.store.count(this.name))
  }

  async add(value: unknown): Promise<Doc<unknown>> {
    return this.put(newId(), value)
  }

  async put(id: string, value: unknown, options?: types.WriteOptions): Promise<Doc<unknown>> {
    checkId(id)
    const written = await this.#write(id, { value }, options)
    if (written === undefined || written.deleted) throw new EyotError('internal', 'a write has not given a document')
    return written
  }

  async update(
    id: string,
    change: (value: unknown) => unknown,
    options?: types.UpdateOptions<unknown>,
  ): Promise<Doc<unknown>> {
    checkId(id)
    const { store } = this.#parts
    let doc = store.read(this.name, id)
    while (doc === AWAY) {
      await store.fetch(this.name, id)
      // Read in the turn in which it is written, so that nothing comes in between.
      doc = store.read(this.name, id)
    }
    const value = applyUpdate(`${this.name}/${id}`, doc, change, options)
    return this.put(id, value, { context: doc?.context })
  }

  async delete(id: string, options?: types.WriteOptions): Promise<Doc<unknown> | DeletedDoc<unknown> | undefined> {
    checkId(id)
    return this.#write(id, undefined, options)
  }

  live(id: string): types.LiveRecord<unknown>
  live(): types.LiveCollection<unknown>
  live(...given: [id: string] | []): types.LiveRecord<unknown> | types.LiveCollection<unknown> {
    const { connection, store, hub } = this.#parts
    // An id that happens to be `undefined` is a mistake, and not a wish for all records.
    if (given.length === 0) {
      this.#all ??= new LiveCollection(hub, { connection, store, collection: this.name })
      return this.#all
    }
    const [id] = given
    checkId(id)
    return new LiveRecord(store, hub, this.name, id)
  }

  subscribe(id: string, listener: RecordListener): Unsubscribe
  subscribe(listener: CollectionListener): Unsubscribe
  subscribe(first: string | CollectionListener, listener?: RecordListener): Unsubscribe {
    if (typeof first === 'function') return this.live().subscribe(first)
    if (listener === undefined) throw new TypeError('listener must be a function')
    return this.live(first).subscribe(listener)
  }

  query(options?: QueryOptions): LiveQuery {
    return this.#queries.query(options)
  }

  invalid(): types.LiveCollection<unknown> {
    const { connection, store, hub } = this.#parts
    this.#invalid ??= new LiveCollection(hub, { connection, store, collection: this.name, invalid: true })
    return this.#invalid
  }

  changes(listener: ChangesListener): Unsubscribe {
    const { connection, store, hub } = this.#parts
    this.#changes ??= new ChangeFeed({ connection, store, hub, collections: [this.name] })
    return this.#changes.subscribe(listener)
  }

  conflicts(): Live<readonly Doc<unknown>[]> {
    const { store, hub } = this.#parts
    this.#conflicts ??= new LiveConflicts({ store, hub, collection: this.name, describe: (_, doc) => doc })
    return this.#conflicts
  }

  async #write(id: string, content: Given['content'], options: unknown): Promise<Written> {
    const { store } = this.#parts
    // What the value is shaped after, and what it is a change of, has to be known.
    const isRead = this.#shape !== undefined || store.merger.readsBeforeWriting(this.name)
    while (content !== undefined && isRead && store.read(this.name, id) === AWAY) {
      await store.fetch(this.name, id)
    }
    const shaped = content && this.#shape?.toStore(`${this.name}/${id}`, content.value, versionedOf(this.peek(id)))
    const given = { collection: this.name, id, content: shaped ?? content, options }
    return this.#parts.writer.write(makeWrite(given, store, this.#parts.maximumBytes))
  }
}
