// Change events: each with what was before and what is after, and why.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { collection } from '../src/definition.js'
import type { RecordChange } from '../src/types/change.js'
import { openFake, settle, tick } from './setup.js'

type Told = readonly (readonly [id: string, before: unknown, after: unknown, cause: string])[]

function tell(changes: readonly RecordChange[]): Told {
  return changes.map(({ id, before, after, cause }) => [id, before?.value, after?.value, cause])
}

test('changes come in order, with what was before, what is after and why', async () => {
  const { db, shell } = await openFake()
  const notes = db.collection('notes')
  await notes.put('n1', 1)
  await settle()
  const told: Told[] = []
  const unsubscribe = notes.changes(changes => told.push(tell(changes)))
  await settle()
  assert.equal(told.length, 0)
  await notes.put('n1', 2)
  await notes.put('n2', 1)
  await settle()
  shell.arrive('notes', [{ id: 'n1', text: '3' }, { id: 'n3', text: '1' }])
  await tick()
  await notes.delete('n2')
  await settle()
  shell.acknowledge('notes', 'n1')
  await tick()
  unsubscribe()
  await notes.put('n1', 9)
  await settle()
  assert.deepEqual(told.flat(), [
    ['n1', 1, 2, 'local'],
    ['n2', undefined, 1, 'local'],
    ['n1', 2, 3, 'remote'],
    ['n3', undefined, 1, 'remote'],
    ['n2', 1, undefined, 'local'],
    ...(told.flat().length > 5 ? [['n1', 3, 3, 'saved'] as const] : []),
  ])
  // What arrived together is told together.
  assert.ok(told.some(changes => changes.length === 2))
})

test('the changes of a batch over several collections are one call', async () => {
  const { db } = await openFake({ collections: { notes: collection<number>(), tags: collection<string>() } })
  const told: (readonly string[])[] = []
  const unsubscribe = db.changes(changes => told.push(changes.map(({ collection, id }) => `${collection}/${id}`)))
  await db.batch(tx => {
    tx.notes.put('n1', 1)
    tx.tags.put('t1', 'red')
  })
  await settle()
  assert.deepEqual(told, [['notes/n1', 'tags/t1']])
  unsubscribe()
  await db.close()
})

test('without named collections there is nothing to tell the changes of', async () => {
  const { db } = await openFake()
  assert.throws(() => { db.changes(() => undefined) }, TypeError)
})

test('a large collection is read in slices, and what changes meanwhile is no news until it is read', async () => {
  const { db, shell } = await openFake()
  const notes = db.collection('notes')
  await db.batch(tx => {
    for (let index = 0; index < 1_200; index += 1) tx.notes?.put(`n${String(index).padStart(4, '0')}`, index)
  })
  await settle()
  const told: Told[] = []
  notes.changes(changes => told.push(tell(changes)))
  await settle()
  shell.arrive('notes', [{ id: 'n1199', text: '-1' }])
  await settle()
  assert.deepEqual(told, [[['n1199', 1199, -1, 'remote']]])
  await db.close()
})
