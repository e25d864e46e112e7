// Reads the records of one collection for queries: the only place where they do. Must not know what they are read for.

import { isListed } from '../doc.js'
import { AWAY, type Page, type Store } from '../store.js'
import type { Doc } from '../types/doc.js'
import { UNREADABLE } from './value-order.js'

/** The records of a collection. */
export class Reader {
  readonly collection: string
  readonly #store: Store

  constructor(store: Store, collection: string) {
    this.#store = store
    this.collection = collection
  }

  /** The record's document; `undefined` when it is absent or deleted. */
  read(id: string): Doc<unknown> | typeof AWAY | undefined {
    const doc = this.#store.read(this.collection, id)
    return doc === undefined || doc === AWAY || isListed(doc) ? doc : undefined
  }

  /** Resolves when the record is in memory. */
  fetch(id: string): Promise<void> {
    return this.#store.fetch(this.collection, id)
  }

  /** Some documents in the order of their ids. */
  page(after: string | undefined, limit: number): Page {
    const page = this.#store.page(this.collection, after, limit)
    return { ...page, docs: page.docs.filter(doc => isListed(doc)) }
  }

  /** Resolves when the documents that come next after that id are in memory. */
  fetchAfter(after: string | undefined): Promise<void> {
    return this.#store.fetchAfter(this.collection, after)
  }
}

/** The displayed value, or a stand-in for one that cannot be decoded: something newer has written it. */
export function valueOf(doc: Doc<unknown>): unknown {
  try {
    return doc.value
  } catch {
    return UNREADABLE
  }
}
