// The matches of a query, as a piece of a view. Must not know how the view came by them.

import type { IndexRange } from './index-range.js'
import type { Entry } from './sorted-entries.js'
import type { View } from './view.js'

/** A piece of a view, or all of it, forwards or backwards. Its answers are of use when the view is up to date. */
export class Span {
  readonly view: View
  readonly #range: IndexRange | undefined
  readonly #reversed: boolean

  constructor(view: View, range: IndexRange | undefined, reversed: boolean) {
    this.view = view
    this.#range = range
    this.#reversed = reversed
  }

  /** How many matches there are. */
  get size(): number {
    const [start, end] = this.#bounds()
    return end - start
  }

  /** The ids of the matches from one position on, so many at most. */
  ids(offset: number, limit: number): string[] {
    const [start, end] = this.#bounds()
    const { entries } = this.view
    const from = this.#reversed ? Math.max(start, end - offset - limit) : Math.min(end, start + offset)
    const to = this.#reversed ? Math.max(start, end - offset) : Math.min(end, from + limit)
    const ids = entries.slice(from, to).map(idOf)
    return this.#reversed ? ids.reverse() : ids
  }

  /** The position of a record among the matches; `undefined` when it is none. */
  position(id: string): number | undefined {
    const entry = this.view.entry(id)
    if (entry === undefined) return undefined
    const [start, end] = this.#bounds()
    const rank = this.view.entries.rankOf(entry)
    if (rank < start || rank >= end) return undefined
    return this.#reversed ? end - 1 - rank : rank - start
  }

  #bounds(): [start: number, end: number] {
    const { entries } = this.view
    if (this.#range === undefined) return [0, entries.length]
    const start = entries.rank(this.#range.isBeforeStart)
    return [start, Math.max(start, entries.rank(this.#range.isBeforeEnd))]
  }
}

/** The id of an entry's record. */
export function idOf(entry: Entry): string {
  return entry.at(-1) as string
}
