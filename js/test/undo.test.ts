// Undo: what this user did is taken back, and nothing else.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { undo } from '../src/undo/scope.js'
import type { UndoScope } from '../src/types/undo.js'
import { isEqual } from '../src/equal.js'
import { coded, type FakeShell } from './fake-shell.js'
import { openFake, tick } from './setup.js'

type Opened = Awaited<ReturnType<typeof openFake>>

async function begin(options: Parameters<typeof undo>[1] = {}): Promise<Opened & { history: UndoScope }> {
  const opened = await openFake()
  return { ...opened, history: undo(opened.db, { joinWithinMs: 0, ...options }) }
}

function values({ db }: Opened): Record<string, unknown> {
  const notes = db.collection('notes')
  return Object.fromEntries(['n1', 'n2', 'n3'].flatMap(id => {
    const doc = notes.peek(id)
    return doc === undefined ? [] : [[id, doc.value]]
  }))
}

/** Another replica changes a record of which it has seen the present state. */
function arrive(shell: FakeShell, id: string, value: unknown, context?: string): void {
  const text = value === undefined ? undefined : JSON.stringify(value)
  shell.arrive('notes', [{ id, text, ...(context === undefined ? {} : { context }) }])
}

test('steps are taken back and done again in order', async () => {
  const opened = await begin()
  const { db, history } = opened
  const notes = db.collection('notes')
  const states: unknown[] = [values(opened)]
  const writes = [
    () => notes.put('n1', 1),
    () => notes.put('n1', 2),
    () => notes.delete('n1'),
    () => db.batch(tx => { for (const id of ['n1', 'n2', 'n3']) tx.notes?.put(id, id) }),
  ]
  for (const write of writes) {
    await write()
    states.push(values(opened))
  }
  for (const state of states.slice(0, -1).reverse()) {
    assert.deepEqual(await history.undo(), { changed: true, left: [] })
    assert.deepEqual(values(opened), state)
  }
  assert.deepEqual([history.canUndo, history.canRedo], [false, true])
  assert.deepEqual(await history.undo(), { changed: false, left: [] })
  for (const state of states.slice(1)) {
    await history.redo()
    assert.deepEqual(values(opened), state)
  }
  assert.deepEqual([history.canUndo, history.canRedo], [true, false])
})

interface Case {
  readonly name: string
  readonly before: unknown
  readonly mine: unknown
  readonly theirs: unknown
  readonly result: unknown
  readonly left?: readonly string[] | 'all'
}

const CASES: readonly Case[] = [
  { name: 'another field stays', before: { a: 1, b: 1 }, mine: { a: 2, b: 1 }, theirs: { a: 2, b: 2 }, result: { a: 1, b: 2 } },
  { name: 'a new field stays', before: { a: 1 }, mine: { a: 2 }, theirs: { a: 2, c: 1 }, result: { a: 1, c: 1 } },
  { name: 'an added field goes', before: { a: 1 }, mine: { a: 1, b: 1 }, theirs: { a: 2, b: 1 }, result: { a: 2 } },
  { name: 'a removed field comes back', before: { a: 1, b: 1 }, mine: { a: 1 }, theirs: { a: 2 }, result: { a: 2, b: 1 } },
  { name: 'the same field is left', before: { a: 1 }, mine: { a: 2 }, theirs: { a: 3 }, result: { a: 3 }, left: 'all' },
  {
    name: 'one of two fields is left',
    before: { a: 1, b: 1 },
    mine: { a: 2, b: 2 },
    theirs: { a: 3, b: 2 },
    result: { a: 3, b: 1 },
    left: ['a'],
  },
  { name: 'another value is left', before: 1, mine: 2, theirs: 3, result: 3, left: 'all' },
  { name: 'what is deleted stays deleted', before: { a: 1 }, mine: { a: 2 }, theirs: undefined, result: undefined, left: 'all' },
  { name: 'what was made and then changed stays', before: undefined, mine: { a: 1 }, theirs: { a: 2 }, result: { a: 2 }, left: 'all' },
  { name: 'what was deleted and made anew stays', before: { a: 1 }, mine: undefined, theirs: { a: 9 }, result: { a: 9 }, left: 'all' },
]

for (const { name, before, mine, theirs, result, left } of CASES) {
  test(`what somebody else did is not taken back: ${name}`, async () => {
    const opened = await begin()
    const { db, shell, history } = opened
    const notes = db.collection('notes')
    if (before !== undefined) await notes.put('n1', before)
    history.clear()
    if (mine === undefined) await notes.delete('n1')
    else await notes.put('n1', mine)
    arrive(shell, 'n1', theirs)
    const { changed, left: told } = await history.undo()
    assert.deepEqual(notes.peek('n1')?.value, result)
    const fields = left === 'all' ? undefined : left
    assert.deepEqual(told, left === undefined ? [] : [{ collection: 'notes', id: 'n1', fields }])
    assert.equal(changed, left !== 'all')
    assert.equal(notes.peek('n1')?.conflicted ?? false, false)
    if (changed) {
      await history.redo()
      assert.ok(left !== undefined || isEqual(notes.peek('n1')?.value, theirs))
    }
  })
}

test('in a conflict only the own version is replaced', async () => {
  const opened = await begin()
  const { db, shell, history } = opened
  const notes = db.collection('notes')
  const { context } = await notes.put('n1', 'old')
  await notes.put('n1', 'mine')
  arrive(shell, 'n1', 'theirs', context)
  assert.equal(notes.peek('n1')?.siblings.length, 2)
  assert.deepEqual(await history.undo(), { changed: true, left: [] })
  const shown = notes.peek('n1')?.siblings.map(({ value }): unknown => value)
  assert.deepEqual(new Set(shown), new Set(['old', 'theirs']))
})

test('a new write ends what could be done again', async () => {
  const { db, history } = await begin()
  const notes = db.collection('notes')
  await notes.put('n1', 1)
  await history.undo()
  assert.equal(history.canRedo, true)
  await notes.put('n2', 1)
  assert.equal(history.canRedo, false)
})

test('writes to one record in short order are one step, and those of a group are', async () => {
  const opened = await begin({ joinWithinMs: Infinity })
  const { db, history } = opened
  const notes = db.collection('notes')
  for (const value of [1, 2, 3]) await notes.put('n1', value)
  await notes.put('n2', 1)
  await history.group(async () => {
    await notes.put('n2', 2)
    await notes.put('n3', 1)
  })
  await history.undo()
  assert.deepEqual(values(opened), { n1: 3, n2: 1 })
  await history.undo()
  assert.deepEqual(values(opened), { n1: 3 })
  await history.undo()
  assert.deepEqual(values(opened), {})
  assert.throws(() => history.group((): void => { throw new RangeError('no') }), RangeError)
})

test('a write that fails is no step', async () => {
  const { db, shell, history } = await begin()
  shell.failure = coded('quota-exceeded', 'full')
  await assert.rejects(db.collection('notes').put('n1', 1))
  await tick()
  assert.equal(history.canUndo, false)
})

test('an undo that fails can be tried again', async () => {
  const opened = await begin()
  const { db, shell, history } = opened
  await db.collection('notes').put('n1', 1)
  shell.failure = coded('quota-exceeded', 'full')
  await assert.rejects(history.undo())
  await tick()
  assert.deepEqual([history.canUndo, history.canRedo, values(opened)], [true, false, { n1: 1 }])
  await history.undo()
  assert.deepEqual(values(opened), {})
})

test('only what was asked for is recorded, and only so much', async () => {
  const opened = await begin({ collections: ['notes'], limit: 2 })
  const { db, shell, history } = opened
  await db.collection('tags').put('t1', 1)
  arrive(shell, 'n2', 1)
  assert.deepEqual(history.state.snapshot(), { canUndo: false, canRedo: false })
  for (const value of [1, 2, 3]) await db.collection('notes').put('n1', value)
  const told: (readonly [boolean, boolean])[] = []
  history.state.subscribe(({ canUndo, canRedo }) => told.push([canUndo, canRedo]))
  while (history.canUndo) await history.undo()
  assert.deepEqual(values(opened), { n1: 1, n2: 1 })
  await tick()
  assert.deepEqual(told, [[true, false], [true, true], [false, true]])
  const state = history.state.snapshot()
  assert.deepEqual(state, { canUndo: false, canRedo: true })
  history.end()
  await db.collection('notes').put('n1', 9)
  assert.deepEqual(history.state.snapshot(), { canUndo: false, canRedo: false })
})

test('undo asked for twice at once takes two steps back', async () => {
  const opened = await begin()
  const { db, history } = opened
  for (const value of [1, 2, 3]) await db.collection('notes').put('n1', value)
  await Promise.all([history.undo(), history.undo()])
  assert.deepEqual(values(opened), { n1: 1 })
})

test('bad options are a TypeError', async () => {
  const { db } = await openFake()
  for (const options of [{ limit: 0 }, { joinWithinMs: -1 }, { steps: 1 }, { collections: ['No'] }]) {
    assert.throws(() => undo(db, options as object), TypeError)
  }
  assert.throws(() => undo({} as typeof db), TypeError)
})
