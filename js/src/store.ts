// The records as documents: what the engine holds, one document for each unchanged record. Must not know who looks.

import type { Connection } from './connection.js'
import { makeDoc, shows } from './doc.js'
import type { RawDoc } from './shell.js'
import type { Doc } from './types/doc.js'

interface Known {
  readonly doc: WeakRef<Doc<unknown>>
  /** The record may have changed since the document was made. */
  stale: boolean
}

type Docs = Map<string, Known>

/**
 * Reads documents. As long as somebody holds the document of a record, and the record is unchanged, it is the same
 * object; what nobody holds is not kept.
 */
export class Store {
  readonly #connection: Connection
  readonly #collections = new Map<string, Docs>()
  readonly #forgotten = new FinalizationRegistry<{ docs: Docs; id: string }>(({ docs, id }) => {
    // The id may have a newer document by now.
    if (docs.get(id)?.doc.deref() === undefined) docs.delete(id)
  })

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** The record's document; `undefined` when it is absent or deleted. */
  read(collection: string, id: string): Doc<unknown> | undefined {
    const known = this.#collections.get(collection)?.get(id)
    const doc = known?.stale === false ? known.doc.deref() : undefined
    if (doc !== undefined) return doc
    const raw = this.#connection.ask(shell => shell.get(collection, id))
    return raw === undefined ? undefined : this.#docOf(collection, id, raw)
  }

  /** The documents after that id, at most so many, and the id to go on after; `undefined` when these were the last. */
  page(collection: string, after: string | undefined, limit: number): Page {
    const rows = this.#connection.ask(shell => shell.page(collection, after, limit))
    const docs: Doc<unknown>[] = []
    for (const [id, raw] of rows) {
      const doc = this.#docOf(collection, id, raw)
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

  /** Notes that records may have changed. */
  noteChanged(collection: string, ids: readonly string[]): void {
    const docs = this.#collections.get(collection)
    if (docs === undefined) return
    for (const id of ids) {
      const known = docs.get(id)
      if (known !== undefined) known.stale = true
    }
  }

  /** The document of what the engine has just given: the known one, if that shows it. */
  #docOf(collection: string, id: string, raw: RawDoc): Doc<unknown> | undefined {
    const docs = this.#docsOf(collection)
    const known = docs.get(id)
    const before = known?.doc.deref()
    if (known !== undefined && before !== undefined && (!known.stale || shows(before, raw))) {
      known.stale = false
      return before
    }
    const doc = makeDoc(collection, id, raw)
    if (doc.deleted) return undefined
    docs.set(id, { doc: new WeakRef(doc), stale: false })
    this.#forgotten.register(doc, { docs, id })
    return doc
  }

  #docsOf(collection: string): Docs {
    let docs = this.#collections.get(collection)
    if (docs === undefined) {
      docs = new Map()
      this.#collections.set(collection, docs)
    }
    return docs
  }
}

/** Some documents in the order of their ids. */
export interface Page {
  readonly docs: readonly Doc<unknown>[]
  /** The id to go on after; `undefined` when these were the last. */
  readonly next: string | undefined
}
