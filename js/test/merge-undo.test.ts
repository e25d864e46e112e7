// Undo where fields are merged: what this user did is taken back, and what others did to the same field stays.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { collection } from '../src/definition.js'
import { counter, set } from '../src/merge/kinds.js'
import { undo } from '../src/undo/scope.js'
import { openFake } from './setup.js'

interface Bird {
  readonly title: string
  readonly likes: number
  readonly tags: readonly string[]
}

async function begin() {
  const birds = collection<Bird>({ merge: { fields: { likes: counter(), tags: set() } } })
  const { db, shell } = await openFake({ collections: { birds } })
  await db.collection('birds').put('n', { title: 'Heron', likes: 3, tags: ['big', 'grey'] })
  return { db, shell, birds: db.collection('birds'), history: undo(db, { joinWithinMs: 0 }) }
}

type Opened = Awaited<ReturnType<typeof begin>>

/** Another replica, which has seen the first write alone, adds likes, and elements, and may set the title. */
function arrive({ shell }: Opened, likes: number, title?: string): void {
  const value = { title: title ?? 'Heron', likes: 3 + likes, tags: ['big', 'far', 'grey'] }
  const sources = [0, { likes: [[0, 3]], tags: [[0, 0, 2]], ...(title === undefined ? {} : { title: -1 }) }]
  const text = `${JSON.stringify(value)}\x1e${JSON.stringify(sources)}`
  shell.arrive('birds', [{ id: 'n', text, context: 'a:1', references: ['a:1'] }])
}

test('a counter loses what was added here, and a set gets and loses what was removed and added here', async () => {
  const opened = await begin()
  const { birds, history } = opened
  await birds.update('n', bird => ({ ...bird, likes: bird.likes + 1, tags: ['grey', 'near'] }))
  arrive(opened, 10)
  assert.deepEqual(birds.peek('n')?.value, { title: 'Heron', likes: 14, tags: ['far', 'grey', 'near'] })
  assert.deepEqual(await history.undo(), { changed: true, left: [] })
  assert.deepEqual(birds.peek('n')?.value, { title: 'Heron', likes: 13, tags: ['big', 'far', 'grey'] })
  await history.redo()
  assert.deepEqual(birds.peek('n')?.value, { title: 'Heron', likes: 14, tags: ['far', 'grey', 'near'] })
})

test('what arrives between two writes of one step is not taken back with them', async () => {
  const opened = await begin()
  const { birds, history } = opened
  await history.group(async () => {
    await birds.update('n', bird => ({ ...bird, likes: bird.likes + 1 }))
    arrive(opened, 10, 'Grey heron')
    await birds.update('n', bird => ({ ...bird, likes: bird.likes + 1 }))
  })
  assert.equal(birds.peek('n')?.value.likes, 15)
  await history.undo()
  assert.deepEqual(birds.peek('n')?.value, { title: 'Grey heron', likes: 13, tags: ['big', 'far', 'grey'] })
})

test('in a conflict of one field the others do not count twice', async () => {
  const opened = await begin()
  const { birds, history } = opened
  await birds.update('n', bird => ({ ...bird, title: 'Egret', likes: bird.likes + 1, tags: [...bird.tags, 'near'] }))
  arrive(opened, 10, 'Grey heron')
  assert.deepEqual(birds.peek('n')?.conflicts, ['title'])
  assert.deepEqual(await history.undo(), { changed: true, left: [] })
  const doc = birds.peek('n')
  assert.deepEqual([doc?.value.likes, doc?.value.tags], [13, ['big', 'far', 'grey']])
  assert.deepEqual([doc?.conflicts, doc?.siblings.map(sibling => sibling.value?.title).sort()], [['title'], ['Grey heron', 'Heron']])
})

test('a counter that was added with its field goes with it, unless others have counted since', async () => {
  const opened = await begin()
  const { db, birds, history } = opened
  await db.batch(tx => { tx.birds.put('m', { title: 'Teal', likes: 1, tags: [] }) })
  await birds.update('m', bird => ({ ...bird, likes: bird.likes + 1 }))
  await history.undo()
  assert.equal(birds.peek('m')?.value.likes, 1)
  await history.undo()
  assert.equal(birds.peek('m'), undefined)
})
