// The records with siblings, to be watched: of one collection or of all. Must not know how conflicts come about.

import type { Hub } from './hub.js'
import { LiveState } from './live-state.js'
import { report } from './report.js'
import { AWAY, type Store } from './store.js'
import type { Doc } from './types/doc.js'
import type { Unsubscribe } from './types/live.js'

// With more changes at once than this, asking for all conflicts is cheaper than looking at each changed record.
const LOOK_AT_EACH = 64

/** Which conflicts to list, and what to say of each. */
export interface ConflictsSource<Item> {
  readonly store: Store
  readonly hub: Hub
  /** Of this collection; of all, when it is left out. */
  readonly collection?: string
  readonly describe: (collection: string, doc: Doc<unknown>) => Item
}

/** The records with siblings, kept up to date. */
export class LiveConflicts<Item> extends LiveState<readonly Item[]> {
  readonly #source: ConflictsSource<Item>
  #docs: readonly Doc<unknown>[] = []
  #items: readonly Item[] = Object.freeze([])
  #unwatch: Unsubscribe | undefined
  /** Whether the list may be out of date. Without a watch it always may. */
  #stale = true
  #loading = false
  #closed = false

  constructor(source: ConflictsSource<Item>) {
    super()
    this.#source = source
  }

  readonly snapshot = (): readonly Item[] => {
    if (this.#stale && !this.#closed) {
      this.#read()
      this.#stale = this.#unwatch === undefined
    }
    return this.#items
  }

  protected change(): void {
    // The list says it all.
  }

  protected override start(): void {
    const { hub, collection } = this.#source
    this.#stale = true
    this.#unwatch = hub.watch(collection, {
      changed: (changed, ids) => {
        if (!this.#stale && !this.#concerns(changed, ids)) return
        this.#stale = true
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
    this.#unwatch = undefined
    this.#stale = true
  }

  /** Whether a listed record has changed, or another one has come into conflict. */
  #concerns(collection: string, ids: readonly string[]): boolean {
    if (ids.length > LOOK_AT_EACH) return true
    // An equal id in another collection costs one reading too many, and nothing else.
    return ids.some(id => {
      if (this.#docs.some(doc => doc.id === id)) return true
      const doc = this.#source.store.read(collection, id)
      return doc === AWAY || doc?.conflicted === true
    })
  }

  #read(): void {
    const { store, collection: only, describe } = this.#source
    const found: [collection: string, doc: Doc<unknown>][] = []
    for (const [collection, id] of store.conflicts()) {
      if (only !== undefined && collection !== only) continue
      const doc = store.read(collection, id)
      // What is not in memory comes into the list when it is.
      if (doc === AWAY) void this.#load(collection, id)
      else if (doc?.conflicted === true) found.push([collection, doc])
    }
    // A document stands for its record, for a changed record has another one. With the same ones nothing has changed.
    if (found.length === this.#docs.length && found.every(([, doc], index) => doc === this.#docs[index])) return
    this.#docs = found.map(([, doc]) => doc)
    this.#items = Object.freeze(found.map(([collection, doc]) => describe(collection, doc)))
  }

  // One page of the store at a time; those that are in it come with it.
  async #load(collection: string, id: string): Promise<void> {
    if (this.#loading) return
    this.#loading = true
    try {
      await this.#source.store.fetch(collection, id)
    } catch (error) {
      if (!this.#closed) report(error)
      return
    } finally {
      this.#loading = false
    }
    this.#stale = true
    this.announce()
  }
}
