// One record, to be watched. Must not know of other records.

import type { Hub } from './hub.js'
import { LiveState } from './live-state.js'
import { report } from './report.js'
import { AWAY, type Store } from './store.js'
import type * as types from './types/collection.js'
import type { Doc } from './types/doc.js'
import type { Unsubscribe } from './types/live.js'

/** The document of one record, kept up to date. */
export class LiveRecord<Value> extends LiveState<Doc<Value> | undefined> implements types.LiveRecord<Value> {
  readonly #store: Store
  readonly #hub: Hub
  readonly #collection: string
  readonly #id: string
  #unwatch: Unsubscribe | undefined
  #last: Doc<Value> | undefined
  #loaded = false
  #loading = false
  #closed = false

  constructor(store: Store, hub: Hub, collection: string, id: string) {
    super()
    this.#store = store
    this.#hub = hub
    this.#collection = collection
    this.#id = id
  }

  readonly snapshot = (): Doc<Value> | undefined => {
    // Whoever still shows the record when the database is closed keeps what there was.
    if (!this.#closed) this.#read()
    return this.#last
  }

  readonly loaded = (): boolean => {
    if (!this.#loaded && !this.#closed) this.#read()
    return this.#loaded
  }

  protected change(): void {
    // The document says it all.
  }

  protected override start(): void {
    this.#unwatch = this.#hub.watchRecord(this.#collection, this.#id, {
      changed: () => {
        this.announce()
      },
      closed: () => {
        this.#closed = true
        this.end()
      },
    })
  }

  protected override stop(): void {
    this.#unwatch?.()
  }

  // While it is away, what there was last stays.
  #read(): void {
    const doc = this.#store.read(this.#collection, this.#id)
    if (doc === AWAY) return void this.#load()
    this.#last = doc as Doc<Value> | undefined
    this.#loaded = true
  }

  async #load(): Promise<void> {
    if (this.#loading) return
    this.#loading = true
    try {
      await this.#store.fetch(this.#collection, this.#id)
    } catch (error) {
      if (!this.#closed) report(error)
      return
    } finally {
      this.#loading = false
    }
    // That there is no such record is news, too.
    this.announce(!this.#loaded)
  }
}
