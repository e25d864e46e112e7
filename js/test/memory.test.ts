// What nobody holds is not kept.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import v8 from 'node:v8'
import vm from 'node:vm'

import { openFake } from './setup.js'

test('documents that nobody holds are let go, and those that somebody holds are not', async () => {
  v8.setFlagsFromString('--expose-gc')
  const collectGarbage = vm.runInNewContext('gc') as () => void
  const { db } = await openFake()
  const notes = db.collection('notes')
  await db.batch(tx => {
    for (let index = 0; index < 100; index += 1) tx.notes?.put(`n${String(index)}`, index)
  })
  const held = notes.peek('n0')
  const read = Array.from({ length: 100 }, (_, index) => new WeakRef(notes.peek(`n${String(index)}`) ?? {}))
  // A reference that was just made or looked at holds until the turn ends.
  await new Promise(resolve => setTimeout(resolve))
  collectGarbage()
  assert.equal(read.filter(reference => reference.deref() !== undefined).length, 1)
  assert.equal(notes.peek('n0'), held)
  assert.equal(notes.peek('n1')?.value, 1)
})
