// The rows of a query, to be watched: the documents in its window of the matches. Must not know how matches are found.

import { AWAY } from '../store.js'
import type { ChangeCause } from '../types/collection.js'
import type { Doc } from '../types/doc.js'
import type { QueryChange, QueryPlan } from '../types/query.js'
import { explain } from './explain.js'
import { LiveAnswer } from './live-answer.js'
import { LiveCount } from './live-count.js'
import type { Queries } from './queries.js'
import type { Request } from './request.js'
import { rowChange } from './row-change.js'
import type { Span } from './span.js'

type Rows = readonly Doc<unknown>[]

// So many records that are not in memory are fetched together.
const FETCHED_AT_ONCE = 64

/** The rows of a query, kept up to date while somebody watches; none until all are found. */
export class LiveQuery extends LiveAnswer<Rows, QueryChange> {
  readonly #queries: Queries
  readonly #request: Request
  #count: LiveCount | undefined
  #rows: Rows = []
  /** The version of the view that the rows are of; `undefined` for rows that are of none. */
  #version: number | undefined
  /** Records that may have changed since the rows were read. */
  readonly #touched = new Set<string>()
  /** Why something has changed that nobody has been told of. */
  readonly #causes = new Set<ChangeCause>()
  /** The last change that was worked out: nearly always all listeners are told the same. */
  #worked: { readonly from: Rows; readonly to: Rows; readonly change: QueryChange } | undefined

  constructor(queries: Queries, request: Request) {
    super()
    this.#queries = queries
    this.#request = request
  }

  /** How many records match, whatever the window. */
  count(): LiveCount {
    this.#count ??= new LiveCount(() => this.#queries.anyOrder(this.#request))
    return this.#count
  }

  /** How the query is answered, and what that has cost so far. */
  explain(): QueryPlan {
    return explain(this.#request, this.#queries.plan(this.#request), this.matches)
  }

  protected find(): Span {
    return this.#queries.matches(this.#request, this.#queries.plan(this.#request))
  }

  protected state(): Rows {
    return this.#rows
  }

  protected note(ids: readonly string[], cause: ChangeCause): void {
    for (const id of ids) this.#touched.add(id)
    this.#causes.add(cause)
  }

  protected make(matches: Span): Promise<unknown> | undefined {
    const { version } = matches.view
    if (this.#version === version && this.#touched.size === 0) return undefined
    const away: string[] = []
    const rows = this.#version === version ? this.#readTouched(matches, away) : this.#readWindow(matches, away)
    // What was read is held until the rest is there as well, so that every turn comes further than the one before.
    if (away.length > 0) return Promise.all(away.map(id => this.#queries.reader.fetch(id))).then(() => rows)
    const isFirst = this.#version === undefined
    if (isFirst || rows.length !== this.#rows.length || rows.some((doc, index) => doc !== this.#rows[index])) {
      this.#rows = rows
      if (isFirst) this.#causes.clear()
    }
    this.#version = version
    this.#touched.clear()
    return undefined
  }

  protected forget(): void {
    this.#rows = []
    this.#version = undefined
    this.#touched.clear()
    this.#causes.clear()
  }

  protected change(first: boolean): QueryChange {
    const causes: readonly ChangeCause[] = first || this.#causes.size === 0 ? ['load'] : [...this.#causes]
    // Others still wait to be told; the only listener is told everything now.
    if (!first || this.listenerCount === 1) this.#causes.clear()
    const added = first ? this.#rows.map(({ id }) => id) : []
    return { ids: added, causes, loaded: this.loaded(), added, removed: [], moved: [], changed: [] }
  }

  protected override changeSince(from: Rows, known: QueryChange): QueryChange {
    const to = this.#rows
    if (this.#worked?.from !== from || this.#worked.to !== to) {
      const rows = rowChange(from, to)
      const ids = [...new Set([...rows.added, ...rows.removed, ...rows.moved, ...rows.changed])]
      this.#worked = { from, to, change: { ...known, ...rows, ids } }
    }
    return this.#worked.change
  }

  /** The rows when no match has another place: only what has changed is read. */
  #readTouched(matches: Span, away: string[]): Rows {
    let rows: Doc<unknown>[] | undefined
    for (const id of this.#touched) {
      const row = (matches.position(id) ?? -1) - this.#request.offset
      const before = this.#rows[row]
      const doc = before === undefined ? undefined : this.#read(id, away)
      if (doc === undefined || doc === before) continue
      rows ??= this.#rows.slice()
      rows[row] = doc
    }
    return rows ?? this.#rows
  }

  /** The rows anew, of which those that have not changed are taken as they were. */
  #readWindow(matches: Span, away: string[]): Rows {
    const { offset, limit } = this.#request
    const before = new Unchanged(this.#version === undefined ? [] : this.#rows, this.#touched)
    const rows: Doc<unknown>[] = []
    for (const id of matches.ids(offset, limit)) {
      const doc = before.take(id) ?? this.#read(id, away)
      if (doc !== undefined) rows.push(doc)
      if (away.length >= FETCHED_AT_ONCE) break
    }
    return rows
  }

  /** The record's document; where it is not in memory it is noted. */
  #read(id: string, away: string[]): Doc<unknown> | undefined {
    const doc = this.#queries.reader.read(id)
    if (doc !== AWAY) return doc
    away.push(id)
    return undefined
  }
}

/** Rows of which some have changed. The others are taken in their order, which does not change. */
class Unchanged {
  readonly #rows: Rows
  readonly #touched: ReadonlySet<string>
  #places: Map<string, number> | undefined
  #next = 0

  constructor(rows: Rows, touched: ReadonlySet<string>) {
    this.#rows = rows
    this.#touched = touched
  }

  take(id: string): Doc<unknown> | undefined {
    if (this.#touched.has(id)) return undefined
    let row = this.#rows[this.#next]
    while (row !== undefined && this.#touched.has(row.id)) row = this.#rows[(this.#next += 1)]
    if (row === undefined) return undefined
    if (row.id !== id) {
      // The window has moved over the matches: what is looked for is further on, or was not in it.
      this.#places ??= new Map(this.#rows.map((doc, place) => [doc.id, place]))
      const place = this.#places.get(id)
      if (place === undefined) return undefined
      this.#next = place
      row = this.#rows[place]
    }
    this.#next += 1
    return row
  }
}
