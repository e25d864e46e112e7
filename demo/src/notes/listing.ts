// What the list shows, as far as it is known: how many notes there are, and the documents of a part of them. Pure.
import type { Doc } from 'eyot'
import type { Note } from './note.ts'
import { rowOf } from './row.ts'
import type { Row } from './row.ts'

export interface Listing {
  /** How many notes there are in all. */
  readonly total: number
  /** The place of the first of the documents. */
  readonly offset: number
  readonly docs: readonly Doc<Note>[]
  /** Whether this is an answer; otherwise the notes are still being read. */
  readonly loaded: boolean
}

export const nothingYet: Listing = { total: 0, offset: 0, docs: [], loaded: false }

/** The row at that place; undefined where it is not known. */
export function rowAt({ offset, docs }: Listing, index: number): Row | undefined {
  const doc = docs[index - offset]
  return doc === undefined ? undefined : rowOf(doc)
}

/** The place of a note; -1 where it is not among those that are known. */
export function indexOf({ offset, docs }: Listing, id: string | undefined): number {
  if (id === undefined) return -1
  const index = docs.findIndex((doc) => doc.id === id)
  return index < 0 ? -1 : offset + index
}

/** The part that is asked for when the rows from `first` to before `last` are in view: whole steps, and one more on each side. */
export function windowFor(first: number, last: number): { readonly offset: number; readonly limit: number } {
  const from = Math.max(0, Math.floor(first / step) - 1)
  const to = Math.ceil(Math.max(last, 1) / step) + 1
  return { offset: from * step, limit: (to - from) * step }
}

const step = 100
