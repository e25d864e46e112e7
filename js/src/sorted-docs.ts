// Documents in the order of their ids. Knows only ids.

import { compareIds } from './names.js'
import type { Doc } from './types/doc.js'

// More changes than this are merged in one pass; fewer are put in place one by one.
const FEW = 100

/** What some records are now; `undefined` for gone. */
export type Changes = ReadonlyMap<string, Doc<unknown> | undefined>

/** Documents in the order of their ids. Changes it in place and hands out copies, each for as long as nothing changes. */
export class SortedDocs {
  #docs: Doc<unknown>[] = []
  // Not frozen, as the documents in it are: browsers are many times slower at copying and filtering a frozen array.
  #copy: readonly Doc<unknown>[] | undefined

  /** How many there are. */
  get length(): number {
    return this.#docs.length
  }

  /** The documents: the same array as before, if nothing has changed. */
  snapshot(): readonly Doc<unknown>[] {
    this.#copy ??= this.#docs.slice()
    return this.#copy
  }

  /** Adds documents that come after all others. Even without any, the copy is a new one: that there are no more is news. */
  append(docs: readonly Doc<unknown>[]): void {
    for (const doc of docs) this.#docs.push(doc)
    this.#copy = undefined
  }

  /** Takes changes in. Returns the ids of those that were changes. */
  apply(changes: Changes): readonly string[] {
    const changed = changes.size > FEW ? this.#merge(changes) : [...changes.keys()].filter(id => this.#set(id, changes.get(id)))
    if (changed.length > 0) this.#copy = undefined
    return changed
  }

  #set(id: string, doc: Doc<unknown> | undefined): boolean {
    const position = firstFrom(this.#docs, id, 0)
    const before = this.#docs[position]?.id === id ? this.#docs[position] : undefined
    if (before === doc) return false
    if (doc === undefined) this.#docs.splice(position, 1)
    else this.#docs.splice(position, before === undefined ? 0 : 1, doc)
    return true
  }

  #merge(changes: Changes): string[] {
    const changed: string[] = []
    const result: Doc<unknown>[] = []
    let taken = 0
    for (const id of [...changes.keys()].sort(compareIds)) {
      const position = firstFrom(this.#docs, id, taken)
      for (const doc of this.#docs.slice(taken, position)) result.push(doc)
      const before = this.#docs[position]?.id === id ? this.#docs[position] : undefined
      const doc = changes.get(id)
      if (doc !== undefined) result.push(doc)
      if (doc !== before) changed.push(id)
      taken = before === undefined ? position : position + 1
    }
    for (const doc of this.#docs.slice(taken)) result.push(doc)
    this.#docs = result
    return changed
  }
}

/** The document of that id among documents in order. */
export function findDoc(docs: readonly Doc<unknown>[], id: string): Doc<unknown> | undefined {
  const doc = docs[firstFrom(docs, id, 0)]
  return doc?.id === id ? doc : undefined
}

/** The first position, from `start`, whose id is not before this one. */
function firstFrom(docs: readonly Doc<unknown>[], id: string, start: number): number {
  let low = start
  let high = docs.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const doc = docs[middle]
    if (doc !== undefined && compareIds(doc.id, id) < 0) low = middle + 1
    else high = middle
  }
  return low
}
