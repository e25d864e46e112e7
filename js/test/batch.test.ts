// Several writes as one.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { collection } from '../src/definition.js'
import { openFake, tick, type Note } from './setup.js'

async function openNotes() {
  const { db, shell } = await openFake({ collections: { notes: collection<Note>(), tags: collection<string>() } })
  return { db, shell, notes: db.collection('notes'), tags: db.collection('tags') }
}

test('a batch writes all of its records together', async () => {
  const { db, notes, tags } = await openNotes()
  await tags.put('t2', 'wader')
  const calls: number[] = []
  notes.subscribe(docs => calls.push(docs.length))
  const id = await db.batch(tx => {
    tx.notes.put('n1', { title: 'Heron' })
    tx.tags.put('t1', 'bird')
    tx.tags.delete('t2')
    return tx.notes.add({ title: 'Teal' })
  })
  assert.deepEqual(calls, [0, 2])
  assert.equal((await notes.get(id))?.value.title, 'Teal')
  assert.deepEqual((await tags.list()).map(doc => doc.value), ['bird'])
})

test('a batch sees its own writes', async () => {
  const { db, notes } = await openNotes()
  await notes.put('n1', { title: 'a' })
  await db.batch(tx => {
    assert.deepEqual(tx.notes.value('n1'), { title: 'a' })
    tx.notes.update('n1', note => ({ title: `${note.title}b` }))
    tx.notes.update('n1', note => ({ title: `${note.title}c` }))
    assert.deepEqual(tx.notes.value('n1'), { title: 'abc' })
    tx.notes.delete('n1')
    assert.equal(tx.notes.value('n1'), undefined)
    assert.throws(() => tx.notes.update('n1', note => note), { code: 'not-found' })
    tx.notes.update('n1', note => note, { initial: { title: 'd' } })
    assert.equal(notes.peek('n1')?.value.title, 'a')
  })
  const doc = await notes.get('n1')
  assert.equal(doc?.value.title, 'd')
  assert.equal(doc.conflicted, false)
})

test('writes of one batch to one record keep what its first context had not seen', async () => {
  const { db, notes, shell } = await openNotes()
  const { context } = await notes.put('n1', { title: 'a' })
  shell.arrive('notes', [{ id: 'n1', text: '{"title":"theirs"}', context: 'a:1' }])
  await db.batch(tx => {
    tx.notes.put('n1', { title: 'b' }, { context })
    tx.notes.update('n1', note => ({ title: `${note.title}c` }))
  })
  assert.deepEqual(notes.peek('n1')?.siblings.map(sibling => sibling.value?.title), ['bc', 'theirs'])
})

test('nothing is written when the function throws', async () => {
  const { db, shell } = await openNotes()
  const failing = db.batch(tx => {
    tx.notes.put('n1', { title: 'a' })
    throw new RangeError('mine')
  })
  await assert.rejects(failing, RangeError)
  assert.equal(shell.records.size, 0)
})

test('nothing is written when one of the values cannot be stored', async () => {
  const { db, shell } = await openNotes()
  const failing = db.batch(tx => {
    tx.notes.put('n1', { title: 'a' })
    tx.notes.put('n2', { title: NaN as unknown as string })
  })
  await assert.rejects(failing, { name: 'TypeError', message: 'value.title is NaN and cannot be stored' })
  assert.equal(shell.records.size, 0)
})

test('an async function is refused and nothing is written', async () => {
  const { db, shell } = await openNotes()
  const failing = db.batch(async tx => {
    tx.notes.put('n1', { title: 'a' })
    await tick()
  })
  await assert.rejects(failing, { name: 'TypeError', message: 'the function of a batch must not be async: nothing was written' })
  assert.equal(shell.records.size, 0)
})

test('a batch that has ended writes nothing more', async () => {
  const { db } = await openNotes()
  let late: () => void = () => undefined
  await db.batch(tx => {
    late = () => {
      tx.notes.put('n1', { title: 'a' })
    }
  })
  assert.throws(late, TypeError)
})

test('a batch without writes resolves with its result', async () => {
  const { db } = await openNotes()
  assert.equal(await db.batch(() => 5), 5)
})

test('a collection that was not given to open() is refused', async () => {
  const { db } = await openNotes()
  const wrong = db.batch(tx => (tx as unknown as { other: { delete(id: string): void } }).other.delete('x'))
  await assert.rejects(wrong, { name: 'TypeError', message: 'there is no collection "other": open() was given notes, tags' })
})
