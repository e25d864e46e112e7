// The records as documents: what the engine holds, one document for each unchanged record. Must not know who looks.

import type { Connection } from './connection.js'
import { makeDoc } from './doc.js'
import type { RawDoc } from './shell.js'
import type { Doc } from './types/doc.js'

type Docs = Map<string, WeakRef<Doc<unknown>>>

/**
 * Reads documents. As long as somebody holds the document of a record, and the record is unchanged, it is the same
 * object; what nobody holds is not kept.
 */
export class Store {
  readonly #connection: Connection
  readonly #collections = new Map<string, Docs>()
  readonly #forgotten = new FinalizationRegistry<{ docs: Docs; id: string }>(({ docs, id }) => {
    // The id may have a newer document by now.
    if (docs.get(id)?.deref() === undefined) docs.delete(id)
  })

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** The record's document; `undefined` when it is absent or deleted. */
  read(collection: string, id: string): Doc<unknown> | undefined {
    const known = this.#collections.get(collection)?.get(id)?.deref()
    if (known !== undefined) return known
    const raw = this.#connection.ask(shell => shell.get(collection, id))
    return raw === undefined ? undefined : this.#keep(collection, id, raw)
  }

  /** The documents after that id, at most so many, and the id to go on after; `undefined` when these were the last. */
  page(collection: string, after: string | undefined, limit: number): Page {
    const rows = this.#connection.ask(shell => shell.page(collection, after, limit))
    const docs: Doc<unknown>[] = []
    for (const [id, raw] of rows) {
      const doc = this.#collections.get(collection)?.get(id)?.deref() ?? this.#keep(collection, id, raw)
      if (doc !== undefined) docs.push(doc)
    }
    return { docs, next: rows.length < limit ? undefined : rows.at(-1)?.[0] }
  }

  /** How many records the collection has. */
  count(collection: string): number {
    return this.#connection.ask(shell => shell.count(collection))
  }

  /** The records with siblings, by collection and id. */
  conflicts(): readonly (readonly [collection: string, id: string])[] {
    return this.#connection.ask(shell => shell.conflicts())
  }

  /** Forgets the documents of records that have changed. */
  forget(collection: string, ids: readonly string[]): void {
    const docs = this.#collections.get(collection)
    if (docs === undefined) return
    for (const id of ids) docs.delete(id)
  }

  #keep(collection: string, id: string, raw: RawDoc): Doc<unknown> | undefined {
    const doc = makeDoc(collection, id, raw)
    if (doc.deleted) return undefined
    let docs = this.#collections.get(collection)
    if (docs === undefined) {
      docs = new Map()
      this.#collections.set(collection, docs)
    }
    docs.set(id, new WeakRef(doc))
    this.#forgotten.register(doc, { docs, id })
    return doc
  }
}

/** Some documents in the order of their ids. */
export interface Page {
  readonly docs: readonly Doc<unknown>[]
  /** The id to go on after; `undefined` when these were the last. */
  readonly next: string | undefined
}
