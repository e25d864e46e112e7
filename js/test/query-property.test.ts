// Queries against filtering and sorting by hand: random records, questions and changes; equal rows, equal steps.
// `QUERY_CASES=100000 npm test` runs more of them.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { encode } from '../src/encode.js'
import type { Collection } from '../src/types/collection.js'
import type { Doc } from '../src/types/doc.js'
import type { LiveQuery, QueryChange, QueryOptions } from '../src/types/query.js'
import { coded, type FakeShell } from './fake-shell.js'
import { naiveMatches, naiveRows, type NaiveRecord } from './naive-query.js'
import { openFake, tick } from './setup.js'

const CASES = Number(process.env.QUERY_CASES ?? 2_000)

const text = fc.constantFrom('', 'a', 'ab', 'b', 'é', '\uffff', '😀', '😀x', 'a\uffff')
const scalar = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: -2, max: 4 }) },
  fc.constantFrom(null, false, true, 0.5, -0, 1n, 3n, 10n ** 20n, 1e20),
  fc.constantFrom(0, 5, 5_000).map(ms => new Date(ms)),
  text,
  fc.constantFrom([], [0], [0, 1], [255]).map(bytes => Uint8Array.from(bytes)),
)
const any = fc.oneof(
  { weight: 5, arbitrary: scalar },
  fc.array(scalar, { maxLength: 2 }),
  fc.record({ x: scalar, y: scalar }, { requiredKeys: [] }),
)
const value = fc.oneof(
  { weight: 9, arbitrary: fc.record({ a: any, b: fc.integer({ min: 0, max: 2 }), c: text, n: any }, { requiredKeys: [] }) },
  any,
)
const few = fc.constantFrom('1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '\uffff', '😀')
const id = fc.oneof({ weight: 3, arbitrary: few }, fc.integer({ min: 20, max: 80 }).map(String))
const field = fc.constantFrom('a', 'b', 'c', 'n', 'n.x', 'n.y', 'c.length')
const ranged = fc.oneof(fc.integer({ min: -1, max: 3 }), text, fc.constantFrom(1n, new Date(5), Uint8Array.of(0)))
const operators = fc.record(
  {
    eq: any,
    ne: any,
    in: fc.array(any, { maxLength: 3 }),
    notIn: fc.array(any, { maxLength: 2 }),
    gt: ranged,
    gte: ranged,
    lt: ranged,
    lte: ranged,
    prefix: text,
    contains: scalar,
  },
  { requiredKeys: [] },
)
// One or two of the operators: more of them match nothing.
const demand = fc.tuple(operators, fc.shuffledSubarray(['eq', 'in', 'gt', 'gte', 'lt', 'lte', 'prefix', 'contains', 'ne', 'notIn']))
  .map(([all, names]) => Object.fromEntries(Object.entries(all).filter(([name]) => names.slice(0, 2).includes(name))))
const condition = fc.oneof(scalar, demand.map(some => (Object.keys(some).length === 0 ? { gte: 0 } : some)))
const branch = fc.dictionary(field, condition, { maxKeys: 3, noNullPrototype: true })
const direction = fc.constantFrom('asc', 'desc')
const orderBy = fc.uniqueArray(field, { maxLength: 3 }).chain(fields =>
  fc.array(direction, { minLength: fields.length, maxLength: fields.length }).map(directions =>
    fields.map((path, index) => ({ [path]: directions[index] ?? 'asc' })),
  ),
)
const question = fc.record(
  {
    where: fc.oneof({ weight: 4, arbitrary: branch }, fc.array(branch, { maxLength: 3 })),
    orderBy,
    limit: fc.integer({ min: 0, max: 5 }),
    offset: fc.integer({ min: 0, max: 4 }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<QueryOptions>
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('put' as const), id, value }) },
  fc.record({ kind: fc.constant('delete' as const), id }),
  fc.record({ kind: fc.constant('fail' as const), id, value }),
  fc.record({ kind: fc.constant('unreadable' as const), id }),
  fc.record({ kind: fc.constant('conflict' as const), id, value }),
  fc.record({ kind: fc.constant('arrive' as const), items: fc.uniqueArray(fc.tuple(id, value), { selector: ([its]) => its, maxLength: 8 }) }),
)
const recordsUpTo = (maxLength: number): fc.Arbitrary<[string, unknown][]> =>
  fc.uniqueArray(fc.tuple(maxLength > 12 ? id : few, value), { selector: ([its]) => its, minLength: maxLength / 3, maxLength })
const definition = fc.uniqueArray(field, { minLength: 1, maxLength: 3 })
const scenario = fc.record({
  indexes: fc.array(definition, { maxLength: 3 }),
  // Sometimes so many that they take several slices.
  before: fc.oneof({ weight: 9, arbitrary: recordsUpTo(12) }, recordsUpTo(60)),
  questions: fc.array(question, { minLength: 1, maxLength: 3 }),
  // Whether there are indexes that fit the questions, beside the others.
  fitting: fc.boolean(),
  steps: fc.array(fc.tuple(step, fc.boolean()), { maxLength: 8 }),
  slow: fc.boolean(),
})

type Step = typeof step extends fc.Arbitrary<infer Some> ? Some : never

function recordsOf(notes: Collection<unknown>, shell: FakeShell): NaiveRecord[] {
  const ids = [...shell.records.keys()].map(key => key.slice('notes/'.length))
  return ids.flatMap((its): NaiveRecord[] => {
    const doc = notes.peek(its)
    if (doc === undefined) return []
    try {
      return [{ id: its, value: doc.value, unreadable: false }]
    } catch {
      return [{ id: its, value: undefined, unreadable: true }]
    }
  })
}

async function take(made: Step, notes: Collection<unknown>, shell: FakeShell): Promise<void> {
  switch (made.kind) {
    case 'put':
      await notes.put(made.id, made.value)
      return
    case 'delete':
      await notes.delete(made.id)
      return
    case 'fail':
      shell.failure = coded('quota-exceeded', 'full')
      await assert.rejects(notes.put(made.id, made.value))
      return
    case 'unreadable':
      shell.arrive('notes', [{ id: made.id, text: '~{"~":["?"]}' }])
      return
    case 'conflict':
      shell.arrive('notes', [{ id: made.id, text: encode(made.value), context: '' }])
      return
    case 'arrive':
      shell.arrive('notes', made.items.map(([its, now]) => ({ id: its, text: encode(now) })))
  }
}

/** The index that one would declare for the question: what is equal, then what is sorted by or within a range. */
function fittingIndex({ where, orderBy = [] }: QueryOptions, place: number): string[] {
  const [first = {}] = [where].flat() as object[]
  const conditions = Object.entries(first) as [string, unknown][]
  const isEqual = (given: unknown): boolean => typeof given !== 'object' || given === null || 'eq' in given || 'in' in given
  const equal = conditions.filter(([, given]) => isEqual(given)).map(([path]) => path)
  const others = conditions.filter(([, given]) => !isEqual(given)).map(([path]) => path)
  const sorted = (orderBy as object[]).flatMap(item => Object.keys(item))
  return [...new Set([...equal, ...(place === 0 ? others : sorted)])]
}

/** Follows a query as an application does that keeps its own list and changes it by what it is told. */
class Follower {
  readonly query: LiveQuery<unknown>
  readonly #question: QueryOptions
  #rows: readonly Doc<unknown>[] = []
  #count: number | undefined
  #error: unknown

  constructor(notes: Collection<unknown>, question: QueryOptions) {
    this.#question = question
    this.query = notes.query(question)
    this.query.subscribe((rows, change) => {
      try {
        this.#follow(rows, change)
      } catch (error) {
        this.#error ??= error
      }
    })
    this.query.count().subscribe(count => (this.#count = count))
  }

  isAt(records: readonly NaiveRecord[]): boolean {
    return this.query.loaded() && this.#rows.map(row => row.id).join() === naiveRows(records, this.#question).join()
  }

  check(records: readonly NaiveRecord[], notes: Collection<unknown>): void {
    if (this.#error !== undefined) throw this.#error as Error
    const expected = naiveRows(records, this.#question)
    assert.deepEqual(this.query.snapshot().map(row => row.id), expected)
    assert.deepEqual(this.#rows, this.query.snapshot())
    assert.ok(this.#rows.every(row => row === notes.peek(row.id)))
    assert.equal(this.query.snapshot(), this.query.snapshot())
    assert.equal(this.#count, naiveMatches(records, this.#question).length)
  }

  #follow(rows: readonly Doc<unknown>[], change: QueryChange): void {
    const { added, removed, moved, changed } = change
    const left = this.#rows.filter(row => !removed.includes(row.id) && !moved.includes(row.id))
    const list = left.map(row => row.id)
    for (const [place, row] of rows.entries()) if (added.includes(row.id) || moved.includes(row.id)) list.splice(place, 0, row.id)
    assert.deepEqual(list, rows.map(row => row.id))
    assert.equal(new Set(change.ids).size, change.ids.length)
    assert.deepEqual(new Set(change.ids), new Set([...added, ...removed, ...moved, ...changed]))
    assert.ok(added.every(its => !this.#rows.some(row => row.id === its)))
    assert.ok([...removed, ...moved, ...changed].every(its => this.#rows.some(row => row.id === its)))
    for (const row of rows) {
      const before = this.#rows.find(other => other.id === row.id)
      if (before !== undefined) assert.equal(before !== row, changed.includes(row.id))
    }
    this.#rows = rows
  }
}

test(`queries give the same rows and changes as filtering and sorting by hand (${String(CASES)} cases)`, async () => {
  // Slices take no time, or too much at each look at the clock.
  let [now, pace] = [0, 0]
  Object.defineProperty(performance, 'now', { value: () => (now += pace), configurable: true })
  const property = fc.asyncProperty(scenario, async ({ indexes, fitting, before, questions, steps, slow }) => {
    pace = slow ? 100 : 0
    const fit = fitting ? questions.map(fittingIndex).filter(fields => fields.length > 0) : []
    const { db, shell } = await openFake({ collections: { notes: { indexes: [...indexes, ...fit] as unknown as ['a'] } } })
    const notes = db.collection('notes')
    shell.arrive('notes', before.map(([its, given]) => ({ id: its, text: encode(given) })))
    const followers = questions.map(asked => new Follower(notes, asked))
    for (const [made, waits] of [[undefined, steps.length % 2 === 0] as const, ...steps, [undefined, true] as const]) {
      if (made !== undefined) await take(made, notes, shell)
      await tick()
      // The next change comes while the last one is being worked on.
      if (slow && !waits) continue
      const records = recordsOf(notes, shell)
      for (let turn = 0; slow && turn < 500 && !followers.every(follower => follower.isAt(records)); turn += 1) {
        await new Promise(resolve => setImmediate(resolve))
      }
      for (const follower of followers) follower.check(records, notes)
    }
    await db.close()
  })
  try {
    await fc.assert(property, { numRuns: CASES, ...(process.env.QUERY_SEED ? { seed: Number(process.env.QUERY_SEED) } : {}) })
  } finally {
    Reflect.deleteProperty(performance, 'now')
  }
})
