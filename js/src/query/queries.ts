// The queries of one collection: equal ones are one, and those with the same matches share them. Must not know what
// anybody asks, nor how it is shown.

import type { Connection } from '../connection.js'
import type { Hub } from '../hub.js'
import { compareIds } from '../names.js'
import type { Store } from '../store.js'
import type { Doc } from '../types/doc.js'
import { fulfils, type Condition } from './condition.js'
import { fieldReader, type ReadField } from './fields.js'
import type { IndexRange } from './index-range.js'
import { LiveQuery } from './live-query.js'
import { makePlan, type Plan } from './plan.js'
import { Reader, valueOf } from './reader.js'
import { checkRequest, type Request } from './request.js'
import type { CompareEntries, Entry } from './sorted-entries.js'
import { idOf, Span } from './span.js'
import { compareValues, UNREADABLE } from './value-order.js'
import { View, type ViewUser } from './view.js'

// Making an index takes as long as reading the collection, and views that need it come and go.
const INDEX_LINGER_MS = 30_000

// Fewer queries than this are not looked through for those that nobody holds.
const FEW = 32

/** What the queries of a collection need. */
export interface QueriesParts {
  readonly connection: Connection
  readonly hub: Hub
  readonly store: Store
  readonly collection: string
  readonly indexes: readonly (readonly string[])[]
}

/** The queries of a collection. */
export class Queries {
  readonly reader: Reader
  readonly #parts: QueriesParts
  readonly #queries = new Map<string, WeakRef<LiveQuery>>()
  readonly #views = new Map<string, View>()
  #sweepAt = FEW

  constructor(parts: QueriesParts) {
    this.#parts = parts
    this.reader = new Reader(parts.store, parts.collection)
  }

  /** The query that asks this: the same one as long as somebody holds it. */
  query(options: unknown): LiveQuery {
    const request = checkRequest(options)
    const known = this.#queries.get(request.key)?.deref()
    if (known !== undefined) return known
    if (this.#queries.size >= this.#sweepAt) this.#sweep()
    const query = new LiveQuery(this, request)
    this.#queries.set(request.key, new WeakRef(query))
    return query
  }

  /** How a question is answered. */
  plan(request: Request): Plan {
    return makePlan(request, this.#parts.indexes)
  }

  /** The matches of a question in whichever order they are found with the least work. */
  anyOrder(request: Request): Span {
    const plan = this.plan(request)
    if (plan.isDirect) return this.matches(request, plan)
    const unordered = makePlan(request, this.#parts.indexes, false)
    return this.matches(request, unordered.isDirect ? unordered : plan)
  }

  /** The matches of a question. Throws `EyotError` `closed` when there can be none. */
  matches(request: Request, plan: Plan): Span {
    this.#parts.connection.ask(() => undefined)
    const [range] = plan.ranges ?? []
    if (plan.isDirect && range !== undefined) return new Span(this.#index(range), range, plan.reversed)
    return new Span(this.#own(request, plan.ranges), undefined, false)
  }

  #index({ fields }: IndexRange): View {
    const entryOf = entryMaker(fields)
    const ascending = fields.map(() => 1)
    return this.#view(`index ${fields.join(' ')}`, [...ascending, 1], entryOf, INDEX_LINGER_MS)
  }

  #own({ branches, orderBy, matchesKey }: Request, ranges: readonly IndexRange[] | undefined): View {
    const makeEntry = entryMaker(orderBy.map(([path]) => path))
    const matches = matcher(branches)
    const entryOf = (doc: Doc<unknown>): Entry | undefined => (matches(valueOf(doc)) ? makeEntry(doc) : undefined)
    const signs = orderBy.map(([, direction]) => (direction === 'asc' ? 1 : -1))
    const candidates = ranges === undefined ? undefined : () => this.#candidates(ranges)
    // Records that are equal in all fields are in the order of their ids, which way the last field says.
    return this.#view(`query ${matchesKey}`, [...signs, signs.at(-1) ?? 1], entryOf, 0, candidates)
  }

  #view(
    key: string,
    signs: readonly number[],
    entryOf: (doc: Doc<unknown>) => Entry | undefined,
    lingerMs: number,
    candidates?: () => Generator<Promise<unknown> | undefined, readonly string[]>,
  ): View {
    const known = this.#views.get(key)
    if (known !== undefined) return known
    const { hub } = this.#parts
    const ended = (): void => {
      if (this.#views.get(key) === view) this.#views.delete(key)
    }
    const view: View = new View({ hub, reader: this.reader, compare: comparer(signs), entryOf, candidates, lingerMs, ended })
    this.#views.set(key, view)
    return view
  }

  /** The ids in the ranges, when their indexes are up to date. */
  *#candidates(ranges: readonly IndexRange[]): Generator<Promise<unknown> | undefined, readonly string[]> {
    const ids = new Set<string>()
    for (const range of ranges) {
      const view = this.#index(range)
      const waiting = new Waiting()
      const leave = view.enter(waiting)
      try {
        while (!view.catchUp()) yield waiting.next()
        for (const id of new Span(view, range, false).ids(0, Infinity)) ids.add(id)
      } finally {
        leave()
      }
      yield
    }
    return [...ids]
  }

  #sweep(): void {
    for (const [key, query] of this.#queries) if (query.deref() === undefined) this.#queries.delete(key)
    this.#sweepAt = Math.max(FEW, 2 * this.#queries.size)
  }
}

/** Waits for a view to be up to date. */
class Waiting implements ViewUser {
  #resolve: () => void = () => undefined
  #reject: (error: unknown) => void = () => undefined

  next(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  changed(): void {
    // The view knows of it.
  }

  ready(): void {
    this.#resolve()
  }

  failed(error: unknown): void {
    this.#reject(error)
  }

  closed(): void {
    this.#resolve()
  }
}

function entryMaker(paths: readonly string[]): (doc: Doc<unknown>) => Entry {
  const readers = paths.map(fieldReader)
  return doc => {
    if (readers.length === 0) return [doc.id]
    const value = valueOf(doc)
    return [...readers.map(read => read(value)), doc.id]
  }
}

function matcher(branches: readonly (readonly Condition[])[]): (value: unknown) => boolean {
  const tests = branches.map(branch => branch.map(condition => [fieldReader(condition.path), condition] as const))
  // A question without conditions is not one about values.
  if (tests.some(test => test.length === 0)) return () => true
  return value => value !== UNREADABLE && tests.some(test => holds(test, value))
}

function holds(test: readonly (readonly [ReadField, Condition])[], value: unknown): boolean {
  return test.every(([read, condition]) => fulfils(condition, read(value)))
}

function comparer(signs: readonly number[]): CompareEntries {
  const last = signs.length - 1
  return (left, right) => {
    for (let index = 0; index < last; index += 1) {
      const order = compareValues(left[index], right[index])
      if (order !== 0) return order * (signs[index] ?? 1)
    }
    return compareIds(idOf(left), idOf(right)) * (signs[last] ?? 1)
  }
}
