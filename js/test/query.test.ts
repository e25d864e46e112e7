// Queries: what they find, in which order, and what they tell of themselves.

import assert from 'node:assert/strict'
import { mock, test } from 'node:test'

import { collection } from '../src/definition.js'
import { EyotError } from '../src/errors.js'
import type { Collection } from '../src/types/collection.js'
import type { IndexFields, QueryOptions } from '../src/types/query.js'
import { openFake, settle, tick } from './setup.js'

interface Bird {
  readonly name?: string | null
  readonly weight?: number | bigint
  readonly seen?: Date
  readonly tags?: readonly string[]
  readonly nest?: { readonly height: number }
  readonly photo?: Uint8Array
}

const BIRDS: Readonly<Record<string, Bird>> = {
  duck: { name: 'Duck', weight: 1100, seen: new Date(3), tags: ['water', 'common'], nest: { height: 0 } },
  egret: { name: 'Egret', weight: 450n, seen: new Date(1), tags: ['water'], nest: { height: 12 } },
  heron: { name: 'Heron', weight: 1500, seen: new Date(2), tags: [], nest: { height: 25 }, photo: Uint8Array.of(1) },
  hoopoe: { name: 'Hoopoe', weight: 61.5, nest: { height: 4 }, photo: Uint8Array.of(1, 2) },
  owl: { name: null },
}

async function openBirds(indexes: readonly IndexFields<Bird>[] = []) {
  const { db, shell } = await openFake({ collections: { birds: collection<Bird>({ indexes }) } })
  const birds = db.collection('birds')
  for (const [id, bird] of Object.entries(BIRDS)) await birds.put(id, bird)
  return { db, shell, birds }
}

async function find(birds: Collection<Bird>, question: QueryOptions<Bird>): Promise<string> {
  const query = birds.query(question)
  const rows = await query.get()
  assert.equal(await query.count().get(), (await birds.query({ ...question, limit: 100, offset: 0 }).get()).length)
  return rows.map(row => row.id).join(' ')
}

// What is asked, an index that serves it, and what is found.
const QUESTIONS: readonly [NonNullable<QueryOptions<Bird>['where']>, IndexFields<Bird>, string][] = [
  [{ name: 'Heron' }, 'name', 'heron'],
  [{ name: { eq: 'Heron' } }, 'name', 'heron'],
  [{ weight: 450 }, 'weight', 'egret'],
  [{ name: null }, 'name', 'owl'],
  [{ weight: null }, 'weight', 'owl'],
  [{ seen: new Date(2) }, 'seen', 'heron'],
  [{ photo: Uint8Array.of(1, 2) }, 'photo', 'hoopoe'],
  [{ tags: { eq: ['water'] } }, 'tags', 'egret'],
  [{ nest: { eq: { height: 4 } } }, 'nest', 'hoopoe'],
  [{ 'nest.height': 12 }, 'nest.height', 'egret'],
  [{ name: { ne: 'Heron' } }, 'name', 'duck egret hoopoe owl'],
  [{ name: { in: ['Heron', 'Duck', 'Dodo'] } }, 'name', 'duck heron'],
  [{ name: { in: [] } }, 'name', ''],
  [{ name: { in: ['Heron', null] } }, 'name', 'heron owl'],
  [{ name: { notIn: ['Heron', null] } }, 'name', 'duck egret hoopoe'],
  [{ weight: { gt: 450 } }, 'weight', 'duck heron'],
  [{ weight: { gte: 450 } }, 'weight', 'duck egret heron'],
  [{ weight: { lt: 450n } }, 'weight', 'hoopoe'],
  [{ weight: { lte: 450 } }, 'weight', 'egret hoopoe'],
  [{ weight: { gt: 61.5, lt: 1500 } }, 'weight', 'duck egret'],
  [{ weight: { gt: 1500, lt: 61 } }, 'weight', ''],
  [{ seen: { gt: new Date(1) } }, 'seen', 'duck heron'],
  [{ name: { gte: 'E', lt: 'Ho' } }, 'name', 'egret heron'],
  [{ photo: { lt: Uint8Array.of(1, 1) } }, 'photo', 'heron'],
  [{ name: { prefix: 'H' } }, 'name', 'heron hoopoe'],
  [{ name: { prefix: 'Heron' } }, 'name', 'heron'],
  [{ name: { prefix: '' } }, 'name', 'duck egret heron hoopoe'],
  [{ tags: { contains: 'water' } }, 'tags', 'duck egret'],
  [{ name: { prefix: 'H' }, weight: { gt: 100 } }, ['name', 'weight'], 'heron'],
  [{ name: 'Heron', weight: { gt: 100 } }, ['name', 'weight'], 'heron'],
  [[{ name: 'Heron' }, { name: 'Duck' }, { name: { prefix: 'D' } }], 'name', 'duck heron'],
  [[], 'name', ''],
  [{}, 'name', 'duck egret heron hoopoe owl'],
]

test('every operator finds what it says, with an index and without', async () => {
  for (const [where, index, expected] of QUESTIONS) {
    for (const indexes of [[], [index]]) {
      const { db, birds } = await openBirds(indexes)
      assert.equal(await find(birds, { where }), expected, birds.query({ where }).explain().text)
      await db.close()
    }
  }
})

test('a range that is also the order is read from the index, forwards and backwards', async () => {
  for (const [where, index] of QUESTIONS) {
    if (typeof index !== 'string' || Array.isArray(where)) continue
    const [plain, indexed] = [await openBirds(), await openBirds([index])]
    for (const direction of ['asc', 'desc'] as const) {
      const question: QueryOptions<Bird> = { where, orderBy: { [index]: direction }, limit: 3, offset: 1 }
      assert.equal(await find(indexed.birds, question), await find(plain.birds, question))
    }
    await plain.db.close()
    await indexed.db.close()
  }
})

test('the order of values is the same for all, whatever their kind', async () => {
  const sorted = [
    null, false, true, -1n, -0.5, 0, 1n, 1.5, 2, 10n ** 20n, new Date(-1), new Date(0), '', 'B', 'a', 'é', '\uffff', '😀',
    Uint8Array.of(), Uint8Array.of(0), Uint8Array.of(0, 1), Uint8Array.of(1), [], [null], [1], [1, 2], ['a'], {}, { a: 1 },
    { a: 1, b: 1 }, { a: 2 }, { b: 0 },
  ]
  const { db } = await openFake()
  const things = db.collection<{ v: unknown }>('things')
  await Promise.all(sorted.map((v, place) => things.put(`${String((place * 7) % sorted.length)}-${String(place)}`, { v })))
  for (const orderBy of ['v', { v: 'asc' }, [{ v: 'asc' }]] as const) {
    const rows = await things.query({ orderBy }).get()
    assert.deepEqual(rows.map(row => row.value.v), sorted)
  }
  const rows = await things.query({ orderBy: { v: 'desc' } }).get()
  assert.deepEqual(rows.map(row => row.value.v), sorted.toReversed())
  await db.close()
})

test('several fields sort one after the other, and ids break ties in the direction of the last', async () => {
  const { db } = await openFake({ collections: { notes: { indexes: [['a', 'b']] } } })
  const notes = db.collection<{ a: number; b: number }>('notes')
  for (const [id, a, b] of [['1', 1, 1], ['2', 0, 1], ['3', 1, 0], ['4', 1, 1], ['5', 0, 1]] as const) await notes.put(id, { a, b })
  const ids = async (orderBy: NonNullable<QueryOptions<{ a: number; b: number }>['orderBy']>): Promise<string> =>
    (await notes.query({ orderBy }).get()).map(row => row.id).join('')
  assert.equal(await ids(['a', 'b']), '25314')
  assert.equal(await ids([{ a: 'desc' }, { b: 'desc' }]), '41352')
  assert.equal(await ids(['a', { b: 'desc' }]), '52413')
  assert.equal(await ids([{ a: 'desc' }, 'b']), '31425')
  assert.equal(await ids([]), '12345')
  await db.close()
})

test('a mistake in a question is a TypeError that names the place', async () => {
  const { db } = await openFake()
  const notes = db.collection('notes')
  const mistakes: [question: unknown, place: RegExp][] = [
    ['done', /options/],
    [{ filter: {} }, /"filter"/],
    [{ where: null }, /^where /],
    [{ where: [3] }, /^where\[0\] /],
    [{ where: { '': 1 } }, /^where: /],
    [{ where: { 'a..b': 1 } }, /^where: .*"a\.\.b"/],
    [{ where: { a: undefined } }, /^where\.a is undefined/],
    [{ where: { a: NaN } }, /^where\.a is NaN/],
    [{ where: { a: [1] } }, /^where\.a is an array/],
    [{ where: { a: {} } }, /^where\.a has no operator/],
    [{ where: { a: { $gt: 1 } } }, /^where\.a\.\$gt is no operator/],
    [{ where: { a: { gt: null } } }, /^where\.a\.gt must be/],
    [{ where: { a: { lte: true } } }, /^where\.a\.lte must be/],
    [{ where: { a: { in: 'x' } } }, /^where\.a\.in must be an array/],
    [{ where: { a: { in: [1, undefined] } } }, /^where\.a\.in\[1\] is undefined/],
    [{ where: { a: { prefix: 3 } } }, /^where\.a\.prefix must be a string/],
    [{ where: { a: { eq: new Map() } } }, /^where\.a\.eq .*Map/],
    [{ where: { a: new Date(NaN) } }, /^where\.a is an invalid Date/],
    [{ orderBy: 3 }, /^orderBy: /],
    [{ orderBy: ['a', 'a'] }, /^orderBy names a field twice/],
    [{ orderBy: { a: 'up' } }, /^orderBy\.a must be/],
    [{ orderBy: { a: 'asc', b: 'asc' } }, /^orderBy names several/],
    [{ orderBy: [{}] }, /^orderBy\[0\]: /],
    [{ limit: -1 }, /^limit /],
    [{ limit: 1.5 }, /^limit /],
    [{ offset: Infinity }, /^offset /],
  ]
  for (const [question, place] of mistakes) {
    assert.throws(() => notes.query(question as QueryOptions), (error: unknown) => {
      assert.ok(error instanceof TypeError)
      assert.match(error.message, place)
      return true
    })
  }
  await db.close()
})

test('a plan tells what is found by an index, what is tested and what is sorted', async () => {
  const { db, birds } = await openBirds(['name', ['weight', 'name']])
  const plan = async (question: QueryOptions<Bird>): Promise<string> => {
    const query = birds.query(question)
    await query.get()
    return query.explain().text
  }
  assert.equal(await plan({ where: { tags: { contains: 'water' } } }), 'all records\nfilter: tags contains "water"\nsort: id asc\nlooked at so far: 5')
  assert.equal(await plan({ where: { name: { gte: 'E' } }, orderBy: { name: 'desc' }, limit: 2 }), 'index name: name ≥ "E"\nbackwards\nlooked at so far: 2')
  assert.equal(await plan({ where: { weight: 1500 }, orderBy: 'name' }), 'index weight, name: weight = 1500\nlooked at so far: 1')
  assert.equal(
    await plan({ where: { name: { in: ['Duck', 'Owl'] }, seen: { lt: new Date(9) } }, orderBy: 'weight' }),
    'index name: name = "Duck"\nindex name: name = "Owl"\nfilter: seen < "1970-01-01T00:00:00.009Z"\nsort: weight asc, id asc\nlooked at so far: 1',
  )
  const { text, ...rest } = birds.query({ where: { weight: 5n }, orderBy: ['seen', { name: 'desc' }] }).explain()
  assert.equal(text, 'index weight, name: weight = 5n\nsort: seen asc, name desc, id desc\nlooked at so far: 0')
  assert.deepEqual(rest, {
    ranges: [{ index: ['weight', 'name'], range: 'weight = 5n' }],
    backwards: false,
    filter: undefined,
    sort: 'seen asc, name desc, id desc',
    looked: 0,
  })
  await db.close()
})

test('values that an older or newer app has written break no query', async () => {
  const { db, shell, birds } = await openBirds(['name'])
  shell.arrive('birds', [
    { id: 'number', text: '5' },
    { id: 'newer', text: '~{"~":["?"]}' },
    { id: 'other', text: '{"name":{"first":"A"},"nest":"none","tags":"water"}' },
  ])
  assert.equal(await find(birds, { where: { name: { prefix: 'H' } } }), 'heron hoopoe')
  assert.equal(await find(birds, { where: { 'nest.height': { gte: 0 } } }), 'duck egret heron hoopoe')
  assert.equal(await find(birds, { where: { tags: { contains: 'water' } } }), 'duck egret')
  assert.equal(await find(birds, { where: { name: null } }), 'number owl')
  assert.equal(await find(birds, { where: { name: { ne: 'x' } }, limit: 3 }), 'duck egret heron')
  for (const orderBy of ['name', 'weight'] as const) assert.match(await find(birds, { orderBy }), /^newer /)
  await db.close()
})

test('an answer is awaited until all is found, and given up when the database is closed', async () => {
  const clock = mock.method(performance, 'now', (() => { let now = 0; return () => (now += 100) })())
  const { db, shell } = await openFake()
  const notes = db.collection<{ n: number }>('notes')
  shell.arrive('notes', Array.from({ length: 300 }, (_, n) => ({ id: String(n), text: JSON.stringify({ n }) })))
  const query = notes.query({ orderBy: { n: 'desc' }, limit: 3 })
  const calls: [rows: number, loaded: boolean][] = []
  query.subscribe((rows, { loaded }) => calls.push([rows.length, loaded]))
  assert.equal(query.loaded(), false)
  assert.equal(query.count().snapshot(), undefined)
  assert.deepEqual((await query.get()).map(row => row.value.n), [299, 298, 297])
  assert.equal(await query.count().get(), 300)
  assert.deepEqual(calls, [[0, false], [3, true]])
  const given = notes.query({ where: { n: 5 } }).get()
  const rejected = assert.rejects(given, (error: unknown) => error instanceof EyotError && error.code === 'closed')
  await db.close()
  await rejected
  await assert.rejects(notes.query({ where: { n: 6 } }).get(), { code: 'closed' })
  assert.equal(query.snapshot().length, 3)
  clock.mock.restore()
  await settle()
})

test('an answer that cannot be read is an error, and found when it is asked for again', async () => {
  const { db, shell, birds } = await openBirds()
  const question = { where: { weight: { gt: 100 } } }
  const failing = mock.method(shell, 'page', () => {
    throw new Error('no')
  })
  await assert.rejects(birds.query(question).get(), { code: 'internal' })
  failing.mock.restore()
  assert.equal(await find(birds, question), 'duck egret heron')
  await db.close()
})

test('a field of a query is typed by the collection', async () => {
  const { db, birds } = await openBirds()
  // @ts-expect-error: a bird has no such field
  birds.query({ where: { colour: 'grey' } })
  // @ts-expect-error: nor is its name a number
  birds.query({ where: { name: 5 } })
  // @ts-expect-error: a number has no beginning
  birds.query({ where: { weight: { prefix: '5' } } })
  // @ts-expect-error: only arrays contain something
  birds.query({ where: { name: { contains: 'H' } } })
  // @ts-expect-error: tags are texts
  birds.query({ where: { tags: { contains: 5 } } })
  // @ts-expect-error: the height is a number
  birds.query({ where: { 'nest.height': { gt: 'high' } } })
  // @ts-expect-error: there is no such field to sort by
  birds.query({ orderBy: 'nest.width' })
  await tick()
  await db.close()
})
