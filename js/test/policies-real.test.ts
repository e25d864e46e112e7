// Merge policies over the real engine: several replicas in one process, on a store in memory, write apart, meet in pairs, and
// are opened anew. Those that know the same show the same, and what the true history of each record comes to.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

import 'fake-indexeddb/auto'
import fc from 'fast-check'

import type * as Eyot from '../src/index.js'
import { PLAIN, TrueHistory, type Change, type Known, type Note } from './true-history.js'

// Compiled to test/dist/test; the package is what was built with its engine.
const PACKAGE = new URL('../../../dist/', import.meta.url)
const { collection, counter, destroy, open, set } = (await import(new URL('index.js', PACKAGE).href)) as typeof Eyot
const wasm = await WebAssembly.compile(readFileSync(new URL('eyot_bg.wasm', PACKAGE)))

const SCHEDULES = Number(process.env.EYOT_POLICY_SCHEDULES ?? 20)
const RECORDS = 40
const PROFILES = ['a', 'b', 'c', 'd']
const COLLECTIONS = ['merged', 'merged', 'merged', 'kept', 'latest', 'own'] as const

type Name = (typeof COLLECTIONS)[number]
type Doc = Eyot.Doc<Note>

const collections = {
  merged: collection<Note>({ merge: { fields: { likes: counter(), tags: set() } } }),
  kept: collection<Note>(),
  latest: collection<Note>({ merge: 'lastWriter' }),
  own: collection<Note>({ merge: siblings => ({ title: allOf(siblings.map(({ value }) => value)), likes: 0, tags: [] }) }),
}

type Database = Eyot.Database<typeof collections>

function allOf(values: readonly unknown[]): string {
  return [...new Set(values.map(value => canonical(value as Note)))].sort().join(' and ')
}

function canonical({ title, body, likes, tags }: Note): string {
  return JSON.stringify([title, body, likes, tags])
}

/** A record, and what each replica knows of it. */
interface Record {
  readonly name: Name
  readonly id: string
  readonly history: TrueHistory
  readonly known: Set<number>[]
  /** What somebody has read some time ago, to be written with then. */
  readonly forms: ({ readonly doc: Doc; readonly known: Known } | undefined)[]
}

/** Numbers that look random, the same for the same seed. */
function sequence(seed: number): (below: number) => number {
  let state = seed | 0
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

function changeBy(random: (below: number) => number): Change {
  const kind = random(10)
  if (kind < 3) {
    const value = random(6)
    return { kind: 'set', field: PLAIN[random(2)] ?? 'title', value: value === 0 ? undefined : String(value) }
  }
  if (kind < 5) return { kind: 'add', amount: random(9) - 3 }
  return { kind: kind < 8 ? 'insert' : 'remove', element: ['x', 'y'][random(2)] ?? 'x' }
}

class Replicas {
  readonly records: readonly Record[]
  readonly #name: string
  readonly #databases: Database[] = []

  constructor(name: string) {
    this.#name = name
    this.records = Array.from({ length: RECORDS }, (_, index) => ({
      name: COLLECTIONS[index % COLLECTIONS.length] ?? 'merged',
      id: String(index),
      history: new TrueHistory(),
      known: PROFILES.map(() => new Set<number>()),
      forms: PROFILES.map(() => undefined),
    }))
  }

  async begin(): Promise<void> {
    for (const profile of PROFILES) this.#databases.push(await this.#open(profile))
  }

  async end(): Promise<void> {
    for (const database of this.#databases) await database.close()
    for (const profile of PROFILES) await destroy(this.#name, { profile })
  }

  /** Closes one and opens it again: what it shows comes from disk then. Open forms are gone. */
  async reopen(replica: number): Promise<void> {
    await this.#at(replica).close()
    this.#databases[replica] = await this.#open(PROFILES[replica] ?? '')
    for (const { forms } of this.records) forms[replica] = undefined
  }

  /** Some records are written, in one go. */
  async write(replica: number, seed: number): Promise<void> {
    const random = sequence(seed)
    await Promise.all(this.records.filter(() => random(3) > 0).map(record => this.#write(record, replica, random)))
  }

  /** Two replicas tell each other all that they have. */
  async meet(one: number, other: number): Promise<void> {
    const [here, there] = [this.#at(one), this.#at(other)]
    const { port1, port2 } = new MessageChannel()
    const peers = [here.join(port1, { calls: true }), there.join(port2, { calls: false })]
    await Promise.all([here.until(there.token()), there.until(here.token())])
    for (const peer of peers) peer.leave()
    for (const port of [port1, port2]) port.close()
    for (const { known } of this.records) {
      for (const number of known[one] ?? []) known[other]?.add(number)
      for (const number of known[other] ?? []) known[one]?.add(number)
    }
    for (const record of this.records) {
      if (record.known[one]?.size === 0) continue
      check(record, record.known[one] ?? new Set(), this.#doc(record, one))
      assert.deepEqual(facts(this.#doc(record, other)), facts(this.#doc(record, one)))
    }
  }

  check(replica: number): void {
    for (const record of this.records) {
      const known = record.known[replica]
      if (known !== undefined && known.size > 0) check(record, known, this.#doc(record, replica))
    }
  }

  async #write(record: Record, replica: number, random: (below: number) => number): Promise<void> {
    const notes = this.#at(replica).collection(record.name)
    const known = record.known[replica] ?? new Set<number>()
    const form = random(5) === 0 ? record.forms[replica] : undefined
    const doc = form?.doc ?? notes.peek(record.id)
    const seen = form?.known ?? known
    const { number, value } = record.history.write(seen, doc?.value ?? { likes: 0, tags: [] }, changeBy(random))
    known.add(number)
    const written = notes.put(record.id, value, form === undefined ? {} : { context: form.doc.context })
    if (random(3) === 0) {
      const after = notes.peek(record.id)
      if (after !== undefined) record.forms[replica] = { doc: after, known: new Set(known) }
    }
    await written
  }

  #doc({ name, id }: Record, replica: number): Doc {
    const doc = this.#at(replica).collection(name).peek(id)
    assert.ok(doc !== undefined, `${name}/${id} is known at ${PROFILES[replica] ?? ''}`)
    return doc
  }

  #at(replica: number): Database {
    const database = this.#databases[replica]
    assert.ok(database !== undefined)
    return database
  }

  #open(profile: string): Promise<Database> {
    return open(this.#name, { wasm, profile, collections })
  }
}

/** What has to be the same for everybody. */
function facts({ value, conflicted, conflicts, siblings }: Doc): unknown {
  return { value, conflicted, conflicts, siblings: siblings.map(({ version, also, at }) => [version, also, at]) }
}

function check({ name, id, history }: Record, known: Known, { value, conflicted, conflicts }: Doc): void {
  const where = `${name}/${id}`
  if (name !== 'merged') {
    checkWhole(name, history, known, { value, conflicted })
    return
  }
  assert.equal(value.likes, history.count(known), where)
  assert.deepEqual([...value.tags].sort(), history.elements(known), where)
  for (const field of PLAIN) {
    const choices = history.choices(known, field)
    if (choices.size === 0) continue
    assert.equal(conflicts.includes(field), choices.size > 1, `${where}: ${field}`)
    assert.ok(choices.has(value[field]), `${where}: ${field} is ${String(value[field])}, and not one of ${String([...choices])}`)
  }
  assert.equal(conflicted, conflicts.length > 0, where)
}

function checkWhole(name: Name, history: TrueHistory, known: Known, shown: { readonly value: Note; readonly conflicted: boolean }): void {
  // Under these policies values are the same if their texts are: the order of their properties counts.
  const texts = history.values(known)
  const values = texts.map(text => JSON.parse(text) as Note)
  assert.equal(shown.conflicted, name === 'kept' && texts.length > 1)
  if (name === 'own' && texts.length > 1) assert.equal(shown.value.title, allOf(values))
  else assert.ok(values.some(value => canonical(value) === canonical(shown.value)), name)
}

const replica = fc.nat(PROFILES.length - 1)
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), replica, seed: fc.integer() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('meet' as const), replica, other: replica }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const), replica }) },
)

test('replicas of the real engine that know the same show the same, and what the true history comes to', async () => {
  let play = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 24, size: 'max' }), async steps => {
      play += 1
      const replicas = new Replicas(`play-${String(play)}`)
      await replicas.begin()
      try {
        for (const action of steps) {
          if (action.do === 'write') await replicas.write(action.replica, action.seed)
          else if (action.do === 'reopen') await replicas.reopen(action.replica)
          else if (action.other !== action.replica) await replicas.meet(action.replica, action.other)
          replicas.check(action.replica)
        }
        for (const [one, other] of [[0, 1], [2, 3], [0, 2], [1, 3]] as const) await replicas.meet(one, other)
      } finally {
        await replicas.end()
      }
    }),
    { numRuns: SCHEDULES },
  )
})
