// Documents in the order of their ids, as an array that is never changed: a change makes a new one. Knows only ids.

import { compareIds } from './names.js'
import type { Doc } from './types/doc.js'

/** Documents in the order of their ids. */
export type SortedDocs = readonly Doc<unknown>[]

/**
 * The documents with changes: what each id is now, `undefined` for gone. The same array when nothing is different. Takes
 * a search for each change and one copy, however many there are.
 */
export function applyChanges(docs: SortedDocs, changes: ReadonlyMap<string, Doc<unknown> | undefined>): SortedDocs {
  const ids = [...changes.keys()].sort(compareIds)
  const result: Doc<unknown>[] = []
  let copied = 0
  let different = false
  for (const id of ids) {
    const position = firstFrom(docs, id, copied)
    for (const doc of docs.slice(copied, position)) result.push(doc)
    const before = docs[position]?.id === id ? docs[position] : undefined
    const now = changes.get(id)
    copied = before === undefined ? position : position + 1
    if (now !== undefined) result.push(now)
    if (before !== now) different = true
  }
  if (!different) return docs
  for (const doc of docs.slice(copied)) result.push(doc)
  return Object.freeze(result)
}

/** The first position, from `start`, whose id is not before this one. */
function firstFrom(docs: SortedDocs, id: string, start: number): number {
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
