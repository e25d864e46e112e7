// One record, to be watched. Must not know of other records.

import type { Hub } from './hub.js'
import { LiveState } from './live-state.js'
import type { Store } from './store.js'
import type { Doc } from './types/doc.js'
import type { Unsubscribe } from './types/live.js'

/** The document of one record, kept up to date. */
export class LiveRecord<Value> extends LiveState<Doc<Value> | undefined> {
  readonly #store: Store
  readonly #hub: Hub
  readonly #collection: string
  readonly #id: string
  #unwatch: Unsubscribe | undefined
  #last: Doc<Value> | undefined
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
    if (!this.#closed) this.#last = this.#store.read(this.#collection, this.#id) as Doc<Value> | undefined
    return this.#last
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
}
