// Several writes as one. Collects them while the batch's function runs; must not know how they are written.

import { decode } from './decode.js'
import { versionedOf } from './doc.js'
import { checkId } from './names.js'
import { newId } from './new-id.js'
import { versionOf } from './schema/mark.js'
import type { Shape, Versioned } from './schema/shape.js'
import { AWAY, type Store } from './store.js'
import type { UpdateOptions, WriteOptions } from './types/collection.js'
import type { BatchCollection } from './types/database.js'
import type { Doc } from './types/doc.js'
import { applyUpdate } from './update.js'
import type { Write } from './packing.js'
import { contextOf, makeWrite, type Given } from './writes.js'

/** The writes of one batch. */
export class BatchWrites {
  readonly #store: Store
  readonly #maximumBytes: number
  readonly #shapeOf: (collection: string) => Shape | undefined
  readonly #writes: Write[] = []
  /** Where in the list the latest write to each record is, by collection and id. */
  readonly #latest = new Map<string, number>()
  #missing: readonly [collection: string, id: string] | undefined
  #ended = false

  /** `maximumBytes`: the largest encoded value of a record. `shapeOf`: what a collection demands of its values. */
  constructor(store: Store, maximumBytes: number, shapeOf: (collection: string) => Shape | undefined) {
    this.#store = store
    this.#shapeOf = shapeOf
    this.#maximumBytes = maximumBytes
  }

  /** What `tx` is: gives a collection for every name that `check` lets pass. */
  collections(check: (name: string) => void): object {
    const made = new Map<string, BatchCollection<unknown>>()
    return new Proxy(Object.freeze(Object.create(null) as object), {
      get: (_, name) => {
        if (typeof name !== 'string') return undefined
        let collection = made.get(name)
        if (collection === undefined) {
          check(name)
          collection = new CollectionInBatch(name, this)
          made.set(name, collection)
        }
        return collection
      },
    })
  }

  /** Ends the batch and gives its writes. From now on its collections refuse to do anything. */
  end(): readonly Write[] {
    this.#ended = true
    return this.#writes
  }

  /** The record that the function wanted to read and that is not in memory. The batch has come to nothing then. */
  get missing(): readonly [collection: string, id: string] | undefined {
    return this.#missing
  }

  /** The value that the record will have. */
  present(collection: string, id: string): { readonly value: unknown } | undefined {
    this.#checkOpen()
    checkId(id)
    const index = this.#latest.get(`${collection}/${id}`)
    const write = index === undefined ? undefined : this.#writes[index]
    if (write === undefined) return this.#read(collection, id)
    return write.text === undefined ? undefined : { value: decode(write.text) }
  }

  /** Adds a write. */
  add(given: Given): void {
    const key = `${given.collection}/${given.id}`
    const index = this.#latest.get(key)
    const earlier = index === undefined ? undefined : this.#writes[index]
    const isBlind = contextOf(given.options) === undefined
    this.#checkOpen()
    // What it is a change of has to be known.
    const isRead = given.content !== undefined && this.#store.merger.readsBeforeWriting(given.collection)
    if (earlier === undefined && isRead) this.#read(given.collection, given.id)
    const write = makeWrite(this.#shaped(given), this.#store, this.#maximumBytes, earlier?.context)
    // A write without a context replaces all that is there, and so the one before it in this batch. It has seen what
    // that one has seen. A write with a context has not seen that one, which stays beside it.
    if (index !== undefined && earlier !== undefined && isBlind) {
      this.#writes[index] = write
      return
    }
    this.#latest.set(key, this.#writes.length)
    this.#writes.push(write)
  }

  /** The write as the collection's schema has it. */
  #shaped(given: Given): Given {
    const { collection, id, content } = given
    const shape = content === undefined ? undefined : this.#shapeOf(collection)
    if (shape === undefined) return given
    return { ...given, content: shape.toStore(`${collection}/${id}`, content?.value, this.#versioned(collection, id)) }
  }

  #versioned(collection: string, id: string): Versioned | undefined {
    const index = this.#latest.get(`${collection}/${id}`)
    const write = index === undefined ? undefined : this.#writes[index]
    if (write === undefined) return versionedOf(this.#read(collection, id))
    return write.text === undefined ? undefined : { value: decode(write.text), version: versionOf(write.text) }
  }

  #read(collection: string, id: string): Doc<unknown> | undefined {
    const doc = this.#store.read(collection, id)
    if (doc !== AWAY) return doc
    this.#missing ??= [collection, id]
    this.#ended = true
    throw new TypeError(`${collection}/${id} has to be read from the disk first: the function of the batch is run again`)
  }

  #checkOpen(): void {
    if (this.#ended) throw new TypeError('the batch has ended: write while its function runs')
  }
}

class CollectionInBatch implements BatchCollection<unknown> {
  readonly #name: string
  readonly #writes: BatchWrites

  constructor(name: string, writes: BatchWrites) {
    this.#name = name
    this.#writes = writes
  }

  value(id: string): unknown {
    return this.#writes.present(this.#name, id)?.value
  }

  add(value: unknown): string {
    const id = newId()
    this.put(id, value)
    return id
  }

  put(id: string, value: unknown, options?: WriteOptions): void {
    checkId(id)
    this.#writes.add({ collection: this.#name, id, content: { value }, options })
  }

  update(id: string, change: (value: unknown) => unknown, options?: UpdateOptions<unknown>): void {
    const present = this.#writes.present(this.#name, id)
    this.put(id, applyUpdate(`${this.#name}/${id}`, present, change, options))
  }

  delete(id: string, options?: WriteOptions): void {
    checkId(id)
    this.#writes.add({ collection: this.#name, id, content: undefined, options })
  }
}
