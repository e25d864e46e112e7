// Watching queries: what listeners are told, what is shared, and what stays the same.

import assert from 'node:assert/strict'
import { mock, test } from 'node:test'

import { collection } from '../src/definition.js'
import type { Doc } from '../src/types/doc.js'
import type { QueryChange } from '../src/types/query.js'
import { coded } from './fake-shell.js'
import { openFake, tick, type Note } from './setup.js'

async function openNotes() {
  const { db, shell } = await openFake({ collections: { notes: collection<Note>({ indexes: [['done', 'title']] }) } })
  const notes = db.collection('notes')
  for (const [id, title] of [['1', 'a'], ['2', 'c'], ['3', 'e']] as const) await notes.put(id, { title, done: false })
  return { db, shell, notes }
}

const titles = (rows: readonly Doc<Note>[]): string => rows.map(row => row.value.title).join('')

for (const where of [{ done: false }, { title: { gte: '' }, done: { ne: true } }]) {
  const kind = 'title' in where ? 'sorted' : 'indexed'

  test(`listeners are told which rows were added, removed, moved and changed (${kind})`, async () => {
    const { db, notes } = await openNotes()
    const calls: [rows: string, change: string][] = []
    const tell = (rows: readonly Doc<Note>[], { added, removed, moved, changed, causes }: QueryChange): void => {
      calls.push([titles(rows), `+${added.join()} -${removed.join()} >${moved.join()} ~${changed.join()} ${causes.join()}`])
    }
    notes.query({ where, orderBy: 'title', limit: 3 }).subscribe(tell)
    await notes.put('4', { title: 'b', done: false })
    await notes.put('5', { title: 'z', done: false })
    await notes.put('1', { title: 'bb', done: false })
    await notes.update('4', note => ({ ...note, done: true }))
    await notes.delete('2')
    await db.batch(tx => {
      tx.notes.put('1', { title: 'f', done: false })
      tx.notes.put('3', { title: 'd', done: false })
    })
    assert.deepEqual(calls, [
      ['ace', '+1,2,3 - > ~ load'],
      ['abc', '+4 -3 > ~ local'],
      ['bbbc', '+ - >1 ~1 local'],
      ['bbce', '+3 -4 > ~ local'],
      ['bbez', '+5 -2 > ~ local'],
      ['dfz', '+ - >3 ~3,1 local'],
    ])
    await db.close()
  })

  test(`rows that did not change are the same, and so is the array when none did (${kind})`, async () => {
    const { db, shell, notes } = await openNotes()
    const query = notes.query({ where, orderBy: 'title' })
    let calls = 0
    query.subscribe(() => (calls += 1))
    const before = query.snapshot()
    await notes.put('9', { title: 'b', done: true })
    shell.emit({ kind: 'changed', collection: 'notes', ids: ['1', '2', '7'], cause: 'tab' })
    await tick()
    assert.equal(query.snapshot(), before)
    assert.equal(calls, 1)
    await notes.put('2', { title: 'd', done: false })
    const after = query.snapshot()
    assert.deepEqual(after.map((row, place) => row === before[place]), [true, false, true])
    await db.close()
  })

  test(`a write shows at once, and is out again when it fails (${kind})`, async () => {
    const { db, shell, notes } = await openNotes()
    const query = notes.query({ where, orderBy: { title: 'desc' }, limit: 2 })
    const count = query.count()
    count.subscribe(() => undefined)
    query.subscribe(() => undefined)
    assert.equal(titles(query.snapshot()), 'ec')
    shell.failure = coded('quota-exceeded', 'full')
    const failing = notes.put('4', { title: 'x', done: false })
    assert.equal(titles(query.snapshot()), 'xe')
    assert.equal(count.snapshot(), 4)
    await assert.rejects(failing)
    assert.equal(titles(query.snapshot()), 'ec')
    assert.equal(count.snapshot(), 3)
    await db.close()
  })

  test(`a record in conflict is matched by the value that it displays (${kind})`, async () => {
    const { db, shell, notes } = await openNotes()
    const query = notes.query({ where, orderBy: 'title' })
    query.subscribe(() => undefined)
    shell.arrive('notes', [{ id: '1', text: '{"title":"q","done":false}', context: '' }])
    assert.equal(titles(query.snapshot()), 'ceq')
    assert.equal(query.snapshot()[2]?.conflicted, true)
    shell.arrive('notes', [{ id: '3', text: '{"title":"q","done":true}', context: '' }])
    assert.equal(titles(query.snapshot()), 'cq')
    await db.close()
  })
}

test('each listener is told what is different from its own last call', async () => {
  const { db, notes } = await openNotes()
  const query = notes.query({ where: { done: false } })
  const told: string[] = []
  query.subscribe((_, { added }) => told.push(`first ${added.join()}`))
  const saved = notes.put('4', { title: 'b', done: false })
  query.subscribe((_, { added }) => told.push(`second ${added.join()}`))
  await Promise.all([saved, notes.put('5', { title: 'b', done: false })])
  assert.deepEqual(told, ['first 1,2,3', 'second 1,2,3,4', 'first 4,5', 'second 5'])
  await db.close()
})

test('equal questions have one answer, and questions with the same matches share them', async () => {
  const { db, shell, notes } = await openNotes()
  const pages = (): number => shell.calls.filter(call => call.startsWith('page')).length
  const query = notes.query({ where: { title: { gt: 'a' }, done: { in: [false, false] } }, limit: 2 })
  assert.equal(notes.query({ limit: 2, offset: 0, where: { done: { in: [false] }, title: { gt: 'a' } } }), query)
  const next = notes.query({ where: { done: { eq: false }, title: { gt: 'a' } }, limit: 2, offset: 2 })
  assert.notEqual(next, query)
  query.subscribe(() => undefined)
  next.subscribe(() => undefined)
  query.count().subscribe(() => undefined)
  assert.equal(pages(), 1)
  await db.close()
})

test('a change reads the changed record and no other', async () => {
  const { db, shell, notes } = await openNotes()
  notes.query({ where: { title: { gt: 'a' } }, orderBy: 'title' }).subscribe(() => undefined)
  notes.query({ where: { done: false }, orderBy: 'title' }).subscribe(() => undefined)
  shell.calls.length = 0
  await notes.put('2', { title: 'q', done: false })
  assert.deepEqual([...new Set(shell.calls)], ['get notes/2'])
  await db.close()
})

test('a query that nobody watches is given up after a moment, its index later', async () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  const { db, shell, notes } = await openNotes()
  const pages = (): number => shell.calls.filter(call => call.startsWith('page')).length
  const indexed = notes.query({ where: { done: false }, orderBy: 'title' })
  const sorted = notes.query({ orderBy: 'title' })
  const watch = (): void => {
    for (const query of [indexed, sorted]) query.subscribe(() => undefined)()
  }
  watch()
  watch()
  assert.equal(pages(), 2)
  mock.timers.tick(2_000)
  assert.equal(sorted.loaded(), false)
  await notes.put('2', { title: 'q', done: false })
  watch()
  assert.equal(pages(), 3)
  assert.equal(titles(indexed.snapshot()), 'aeq')
  mock.timers.tick(2_000)
  mock.timers.tick(60_000)
  watch()
  assert.equal(pages(), 5)
  assert.equal(titles(indexed.snapshot()), 'aeq')
  await db.close()
  mock.timers.reset()
})

test('an iteration gives the rows after each change', async () => {
  const { db, notes } = await openNotes()
  const seen: string[] = []
  for await (const rows of notes.query({ where: { done: false }, orderBy: 'title' })) {
    seen.push(titles(rows))
    if (seen.length === 2) break
    void notes.put('4', { title: 'b', done: false })
  }
  assert.deepEqual(seen, ['ace', 'abce'])
  await db.close()
})
