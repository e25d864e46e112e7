// The records as documents: what the engine holds, one document for each unchanged record. Must not know who looks.
//
// A large database is not in memory as a whole. What is, is read at once; what is not is `AWAY`, and has to be loaded.

import type { Connection } from './connection.js'
import { makeDoc, shows, type Place } from './doc.js'
import type { Merger } from './merge/merger.js'
import { PackedDocs } from './packing.js'
import type { Shape } from './schema/shape.js'
import type { RawDoc } from './shell.js'
import type { DeletedDoc, Doc } from './types/doc.js'

/** What stands for a record that is not in memory. */
export const AWAY = Symbol('away')

interface Known {
  readonly doc: WeakRef<Doc<unknown>>
  /** The record may have changed since the document was made. */
  stale: boolean
}

type Docs = Map<string, Known>

// Fewer entries than this are not looked through for those whose documents are gone.
const FEW = 1_000

/**
 * Reads documents. As long as somebody holds the document of a record, and the record is unchanged, it is the same
 * object; what nobody holds is not kept.
 */
export class Store {
  /** Says what records with several versions show. */
  readonly merger: Merger
  readonly #connection: Connection
  readonly #shapeOf: (collection: string) => Shape | undefined
  readonly #places = new Map<string, Place>()
  readonly #collections = new Map<string, Docs>()
  #size = 0
  /** With so many entries those whose documents are gone are dropped. */
  #sweepAt = FEW

  /** `shapeOf`: what a collection demands of its values, if anything. */
  constructor(connection: Connection, merger: Merger, shapeOf: (collection: string) => Shape | undefined) {
    this.#connection = connection
    this.merger = merger
    this.#shapeOf = shapeOf
  }

  /**
   * A document that is not kept: of the raw record as its writer has seen it, say. `seen`: what whoever is handed its context
   * has seen, where that is not all of it.
   */
  make(collection: string, id: string, raw: RawDoc, seen?: RawDoc): Doc<unknown> | DeletedDoc<unknown> {
    const place = this.#placeOf(collection)
    return makeDoc(seen === undefined ? place : { ...place, seen }, id, raw)
  }

  /** The record's document; `undefined` when it is absent or deleted. */
  read(collection: string, id: string): Doc<unknown> | typeof AWAY | undefined {
    const known = this.#collections.get(collection)?.get(id)
    const doc = known?.stale === false ? known.doc.deref() : undefined
    if (doc !== undefined) return doc
    const raw = this.raw(collection, id)
    return raw === undefined || raw === AWAY ? raw : this.#docOf(collection, id, raw)
  }

  /** The record as the engine has it. */
  raw(collection: string, id: string): RawDoc | typeof AWAY | undefined {
    const packed = this.#connection.ask(shell => shell.get(`${collection}/${id}`))
    if (packed === '') return AWAY
    return packed === undefined ? undefined : new PackedDocs(packed).doc()
  }

  /** The record's document, as soon as it is in memory. */
  async load(collection: string, id: string): Promise<Doc<unknown> | undefined> {
    for (;;) {
      const doc = this.read(collection, id)
      if (doc !== AWAY) return doc
      await this.fetch(collection, id)
    }
  }

  /** Resolves when the record is in memory. It may be gone again by the time that somebody looks. */
  async fetch(collection: string, id: string): Promise<void> {
    await this.#connection.wait(shell => shell.fetch(`${collection}/${id}`))
  }

  /** The documents after that id, at most so many, as far as they are in memory. */
  page(collection: string, after: string | undefined, limit: number): Page {
    const [text, last, rest] = this.#connection.ask(shell => shell.page(collection, after, limit))
    const packed = new PackedDocs(text)
    const docs: Doc<unknown>[] = []
    while (packed.hasMore) {
      const id = packed.id()
      const raw = packed.doc()
      const doc = raw === undefined ? undefined : this.#docOf(collection, id, raw)
      if (doc !== undefined) docs.push(doc)
    }
    return { docs, last, rest }
  }

  /** Resolves when the documents that come next after that id are in memory. */
  async fetchAfter(collection: string, after: string | undefined): Promise<void> {
    await this.#connection.wait(shell => shell.fetchAfter(collection, after))
  }

  /** The name of this copy of the database, as versions bear it. */
  replica(): string {
    return this.#connection.ask(shell => shell.replica())
  }

  /** How many records the collection has. */
  count(collection: string): number {
    return this.#connection.ask(shell => shell.count(collection))
  }

  /** The records with siblings, by collection and id. */
  conflicts(): readonly (readonly [collection: string, id: string])[] {
    return this.#connection.ask(shell => shell.conflicts())
  }

  /** Whether it knows documents of the collection. */
  holds(collection: string): boolean {
    return this.#collections.has(collection)
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
    const doc = this.make(collection, id, raw)
    if (doc.deleted) return undefined
    if (known === undefined) this.#makeRoom()
    docs.set(id, { doc: new WeakRef(doc), stale: false })
    return doc
  }

  // A registry that tells when a document is gone would cost more than the document, for each of them.
  #makeRoom(): void {
    if (this.#size >= this.#sweepAt) {
      this.#size = 0
      for (const docs of this.#collections.values()) {
        for (const [id, { doc }] of docs) if (doc.deref() === undefined) docs.delete(id)
        this.#size += docs.size
      }
      this.#sweepAt = Math.max(FEW, 2 * this.#size)
    }
    this.#size += 1
  }

  #placeOf(collection: string): Place {
    let place = this.#places.get(collection)
    if (place === undefined) {
      place = { collection, shape: this.#shapeOf(collection), merger: this.merger }
      this.#places.set(collection, place)
    }
    return place
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
  /** The id to go on after. */
  readonly last: string | undefined
  /** Whether there may be more, and whether that has to be loaded first. */
  readonly rest: 'none' | 'here' | 'away'
}
