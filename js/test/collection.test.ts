// Reads and writes of one collection.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { collection } from '../src/definition.js'
import { coded } from './fake-shell.js'
import { openFake, tick, type Note } from './setup.js'

async function openNotes() {
  const { db, shell } = await openFake({ collections: { notes: collection<Note>(), tags: {} } })
  return { db, shell, notes: db.collection('notes') }
}

test('a write is visible at once and resolves with its document', async () => {
  const { notes } = await openNotes()
  const saved = notes.put('n1', { title: 'Heron' })
  assert.equal(notes.peek('n1')?.value.title, 'Heron')
  assert.deepEqual((await saved).value, { title: 'Heron' })
  assert.equal((await notes.get('n1'))?.pending, true)
  assert.equal(await notes.count(), 1)
})

test('an absent or deleted record is undefined', async () => {
  const { notes } = await openNotes()
  assert.equal(await notes.get('n1'), undefined)
  await notes.put('n1', { title: 'Heron' })
  const deletion = await notes.delete('n1')
  assert.equal(deletion?.deleted, true)
  assert.equal(deletion.value, undefined)
  assert.equal(await notes.get('n1'), undefined)
  assert.equal(await notes.delete('never'), undefined)
})

test('a deletion is undone with its context', async () => {
  const { notes } = await openNotes()
  await notes.put('n1', { title: 'Heron' })
  const deletion = await notes.delete('n1')
  const doc = await notes.put('n1', { title: 'Heron' }, { context: deletion?.context })
  assert.equal(doc.conflicted, false)
})

test('an unchanged record is the same document, a changed one another', async () => {
  const { notes, shell } = await openNotes()
  await notes.put('n1', { title: 'Heron' })
  const doc = await notes.get('n1')
  assert.equal(notes.peek('n1'), doc)
  assert.equal((await notes.list())[0], doc)
  await notes.put('n2', { title: 'Teal' })
  assert.equal(notes.peek('n1'), doc)
  shell.arrive('notes', [{ id: 'n1', text: '{"title":"Egret"}' }])
  assert.notEqual(notes.peek('n1'), doc)
})

test('documents and their siblings are frozen', async () => {
  const { notes } = await openNotes()
  const doc = await notes.put('n1', { title: 'Heron' })
  for (const part of [doc, doc.siblings, doc.siblings[0], doc.value, doc.siblings[0]?.also]) assert.ok(Object.isFrozen(part))
})

test('a form that saves itself again does not swallow what arrived meanwhile', async () => {
  const { notes, shell } = await openNotes()
  let { context } = await notes.put('n1', { title: 'Heron' })
  shell.arrive('notes', [{ id: 'n1', text: '{"title":"Egret"}', context: 'a:1' }])
  ;({ context } = await notes.put('n1', { title: 'Heron.' }, { context }))
  const doc = await notes.put('n1', { title: 'Heron..' }, { context })
  assert.equal(doc.conflicted, true)
  assert.deepEqual(doc.siblings.map(sibling => sibling.value?.title), ['Heron..', 'Egret'])
  await notes.put('n1', { title: 'Both' }, { context: notes.peek('n1')?.context })
  assert.equal(notes.peek('n1')?.siblings.length, 1)
})

test('a deletion beside an edit is a conflict that shows the edit', async () => {
  const { notes, shell } = await openNotes()
  await notes.put('n1', { title: 'Heron' })
  await notes.put('n1', { title: 'Grey heron' })
  shell.arrive('notes', [{ id: 'n1', text: undefined, context: 'a:1' }])
  const doc = await notes.get('n1')
  assert.equal(doc?.value.title, 'Grey heron')
  assert.deepEqual(doc.siblings.map(({ deleted }) => deleted), [false, true])
})

test('a sibling that cannot be decoded does not hide the others', async () => {
  const { notes, shell } = await openNotes()
  await notes.put('n1', { title: 'Heron' })
  shell.arrive('notes', [{ id: 'n1', text: '~~newer', context: '' }])
  const doc = await notes.get('n1')
  assert.equal(doc?.conflicted, true)
  const detail = { collection: 'notes', id: 'n1', version: 'b:1' }
  assert.throws(() => doc.value, { name: 'EyotError', code: 'unreadable-value', detail })
  assert.equal(doc.siblings[1]?.value?.title, 'Heron')
})

test('update applies a function to the present value', async () => {
  const { notes } = await openNotes()
  await notes.put('n1', { title: 'Heron' })
  const doc = await notes.update('n1', note => ({ ...note, done: true }))
  assert.deepEqual(doc.value, { title: 'Heron', done: true })
})

test('update of an absent record needs an initial value', async () => {
  const { notes } = await openNotes()
  await assert.rejects(notes.update('n1', note => note), { name: 'EyotError', code: 'not-found' })
  const doc = await notes.update('n1', note => ({ ...note, done: true }), { initial: { title: 'New' } })
  assert.deepEqual(doc.value, { title: 'New', done: true })
})

test('update refuses a function that takes its time', async () => {
  const { notes } = await openNotes()
  await notes.put('n1', { title: 'Heron' })
  const slow = (async () => Promise.resolve({ title: '' })) as unknown as () => Note
  await assert.rejects(notes.update('n1', slow), TypeError)
  assert.equal(notes.peek('n1')?.value.title, 'Heron')
})

test('add gives ids in the order of adding', async () => {
  const { notes } = await openNotes()
  for (const title of ['a', 'b', 'c']) await notes.add({ title })
  assert.deepEqual((await notes.list()).map(doc => doc.value.title), ['a', 'b', 'c'])
})

test('list gives pages in the order of ids', async () => {
  const { notes, shell } = await openNotes()
  const ids = Array.from({ length: 1_234 }, (_, index) => `n${String(index).padStart(4, '0')}`)
  shell.arrive('notes', ids.map(id => ({ id, text: '{"title":""}' })))
  assert.deepEqual((await notes.list()).map(doc => doc.id), ids)
  assert.deepEqual((await notes.list({ limit: 2, after: 'n0001' })).map(doc => doc.id), ['n0002', 'n0003'])
  assert.deepEqual((await notes.list({ after: 'n1232' })).map(doc => doc.id), ['n1233'])
  assert.deepEqual(await notes.list({ limit: 0 }), [])
})

test('a write resolves with its document even when the record is gone by then', async () => {
  const { notes, shell } = await openNotes()
  shell.gone = true
  const doc = await notes.put('n1', { title: 'Heron' })
  assert.deepEqual([doc.value.title, doc.context], ['Heron', ''])
  assert.equal(await notes.delete('n1'), undefined)
})

test('a failed write is taken back out of view and says why', async () => {
  const { notes, shell } = await openNotes()
  await notes.put('n1', { title: 'Heron' })
  shell.failure = coded('quota-exceeded', 'no room')
  const failing = notes.put('n1', { title: 'Egret' })
  assert.equal(notes.peek('n1')?.value.title, 'Egret')
  await assert.rejects(failing, { name: 'EyotError', code: 'quota-exceeded' })
  assert.equal(notes.peek('n1')?.value.title, 'Heron')
})

test('mistakes of the caller reject with a TypeError and write nothing', async () => {
  const { notes, shell } = await openNotes()
  const wrong = notes as unknown as { put(...given: unknown[]): Promise<unknown>; get(id?: unknown): Promise<unknown> }
  const mistakes = [
    () => wrong.put('', {}),
    () => wrong.put('n1', undefined),
    () => wrong.put('n1', {}, { context: 5 }),
    () => wrong.put('n1', {}, { contxt: '' }),
    () => wrong.put('n1', {}, 'a:1'),
    () => wrong.get(),
  ]
  for (const mistake of mistakes) await assert.rejects(mistake, TypeError)
  await tick()
  assert.equal(shell.records.size, 0)
})

test('a context that is none rejects with a code', async () => {
  const { notes } = await openNotes()
  await assert.rejects(notes.put('n1', { title: '' }, { context: 'what' }), { code: 'invalid-context' })
})
