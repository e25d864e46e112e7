// Watching records, collections and conflicts.

import assert from 'node:assert/strict'
import { mock, test } from 'node:test'

import { collection } from '../src/definition.js'
import { openFake, settle, tick, type Note } from './setup.js'

async function openNotes() {
  const { db, shell } = await openFake({ collections: { notes: collection<Note>(), tags: collection<string>() } })
  const arrive = (count: number, title = ''): void => {
    const items = Array.from({ length: count }, (_, index) => ({ id: `n${String(index).padStart(5, '0')}` }))
    shell.arrive('notes', items.map(item => ({ ...item, text: JSON.stringify({ title }) })))
  }
  return { db, shell, notes: db.collection('notes'), arrive }
}

test('a listener of a record is called at once and after each change', async () => {
  const { notes } = await openNotes()
  const seen: (string | undefined)[] = []
  const unsubscribe = notes.subscribe('n1', doc => seen.push(doc?.value.title))
  assert.deepEqual(seen, [undefined])
  await notes.put('n1', { title: 'Heron' })
  await notes.put('n2', { title: 'Teal' })
  await notes.delete('n1')
  assert.deepEqual(seen, [undefined, 'Heron', undefined])
  unsubscribe()
  unsubscribe()
  await notes.put('n1', { title: 'Egret' })
  await tick()
  assert.equal(seen.length, 3)
})

test('changes made in one go are one call', async () => {
  const { notes } = await openNotes()
  const seen: (string | undefined)[] = []
  notes.subscribe('n1', doc => seen.push(doc?.value.title))
  await Promise.all(['a', 'b', 'c'].map(title => notes.put('n1', { title })))
  assert.deepEqual(seen, [undefined, 'c'])
})

test('a listener is told when a relay has acknowledged', async () => {
  const { notes, shell } = await openNotes()
  await notes.put('n1', { title: 'Heron' })
  const seen: (boolean | undefined)[] = []
  notes.subscribe('n1', doc => seen.push(doc?.pending))
  shell.acknowledge('notes', 'n1')
  await tick()
  assert.deepEqual(seen, [true, false])
})

test('a snapshot is the same object between changes', async () => {
  const { db, notes } = await openNotes()
  await notes.put('n1', { title: 'Heron' })
  for (const live of [notes.live(), notes.live('n1'), notes.conflicts(), db.conflicts(), db.health]) {
    const before = live.snapshot()
    const unsubscribe = live.subscribe(() => undefined)
    assert.equal(live.snapshot(), before)
    unsubscribe()
  }
})

test('what a listener throws is reported and disturbs nobody', async () => {
  const { notes } = await openNotes()
  const reported = mock.method(console, 'error', () => undefined)
  const seen: number[] = []
  notes.subscribe(() => {
    throw new Error('mine')
  })
  notes.subscribe(docs => seen.push(docs.length))
  await notes.put('n1', { title: 'Heron' })
  reported.mock.restore()
  assert.deepEqual(seen, [0, 1])
  assert.equal(reported.mock.callCount(), 2)
})

test('a listener may end another one', async () => {
  const { notes } = await openNotes()
  let calls = 0
  let endOther: () => void = () => undefined
  notes.subscribe(() => endOther())
  endOther = notes.subscribe(() => (calls += 1))
  await notes.put('n1', { title: 'Heron' })
  assert.equal(calls, 1)
})

test('a collection gives all documents in order, and what has changed', async () => {
  const { notes, shell } = await openNotes()
  await notes.put('b', { title: 'b' })
  const calls: [ids: string, changed: readonly string[], causes: readonly string[]][] = []
  notes.subscribe((docs, { ids, causes }) => calls.push([docs.map(doc => doc.id).join(''), ids, causes]))
  await notes.put('a', { title: 'a' })
  await notes.put('c', { title: 'c' })
  shell.arrive('notes', [{ id: 'b', text: undefined }, { id: 'd', text: '{}' }])
  await tick()
  assert.deepEqual(calls, [
    ['b', ['b'], ['load']],
    ['ab', ['a'], ['local']],
    ['abc', ['c'], ['local']],
    ['acd', ['b', 'd'], ['remote']],
  ])
})

test('a change touches only the documents that have changed', async () => {
  const { notes, shell, arrive } = await openNotes()
  arrive(300)
  const seen: (readonly unknown[])[] = []
  notes.subscribe(docs => seen.push(docs))
  shell.calls.length = 0
  await notes.put('n00007', { title: 'new' })
  assert.deepEqual(shell.calls, ['get notes/n00007'])
  const [before = [], after = []] = seen
  assert.deepEqual(after.filter((doc, index) => doc !== before[index]).length, 1)
})

test('a large collection comes in slices and says when it is all there', async () => {
  const { notes, arrive } = await openNotes()
  arrive(2_300)
  const calls: [records: number, changed: number, loaded: boolean][] = []
  const live = notes.live()
  live.subscribe((docs, { ids, loaded }) => calls.push([docs.length, ids.length, loaded]))
  const [[first, changed, loaded] = [0, 0, true]] = calls
  assert.ok(first > 0 && first <= 500 && changed === first && !loaded)
  await settle()
  assert.deepEqual(calls.at(-1)?.[0], 2_300)
  assert.equal(calls.reduce((sum, [, ids]) => sum + ids, 0), 2_300)
  assert.deepEqual(calls.filter(([, , loaded]) => loaded).length, 1)
  assert.equal(live.loaded(), true)
})

test('what changes while a large collection is read is in it', async () => {
  const { notes, arrive, shell } = await openNotes()
  arrive(1_200, 'old')
  const live = notes.live()
  live.subscribe(() => undefined)
  shell.arrive('notes', [
    { id: 'n00003', text: '{"title":"new"}' },
    { id: 'n00004', text: undefined },
    { id: 'n00900', text: '{"title":"new"}' },
    { id: 'n00901', text: undefined },
    { id: 'a', text: '{"title":"new"}' },
    { id: 'z', text: '{"title":"new"}' },
  ])
  await settle()
  const docs = live.snapshot()
  assert.equal(docs.length, 1_200)
  assert.deepEqual(docs.filter(doc => doc.value.title === 'new').map(doc => doc.id), ['a', 'n00003', 'n00900', 'z'])
})

test('much that arrives together is shown together', async () => {
  const { notes, arrive } = await openNotes()
  await notes.put('m', { title: 'mine' })
  const sizes: number[] = []
  notes.subscribe(docs => sizes.push(docs.length))
  arrive(3_000)
  await tick()
  assert.deepEqual(sizes, [1])
  await settle()
  assert.deepEqual(sizes, [1, 3_001])
})

test('a change that was none is told to nobody', async () => {
  const { notes, shell } = await openNotes()
  await notes.put('n1', { title: 'Heron' })
  let calls = 0
  notes.subscribe('n1', () => (calls += 1))
  notes.subscribe(() => (calls += 1))
  const doc = notes.peek('n1')
  shell.emit({ kind: 'changed', collection: 'notes', ids: ['n1', 'n2'], cause: 'local' })
  await tick()
  assert.equal(notes.peek('n1'), doc)
  assert.equal(calls, 2)
  let ids: readonly string[] = []
  notes.subscribe((_, change) => (ids = change.ids))
  await notes.put('n3', { title: 'Teal' })
  assert.deepEqual(ids, ['n3'])
})

test('a snapshot of a collection includes what was written just now', async () => {
  const { notes } = await openNotes()
  const live = notes.live()
  live.subscribe(() => undefined)
  const saved = notes.put('n1', { title: 'Heron' })
  assert.equal(live.snapshot().length, 1)
  assert.equal(live.snapshot(), live.snapshot())
  await saved
})

test('a list that nobody watches is given up, and read anew for the next one', async () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  const { notes, shell } = await openNotes()
  const pages = (): number => shell.calls.filter(call => call.startsWith('page')).length
  notes.subscribe(() => undefined)()
  notes.subscribe(() => undefined)()
  assert.equal(pages(), 1)
  mock.timers.tick(2_000)
  notes.subscribe(() => undefined)()
  assert.equal(pages(), 2)
  mock.timers.reset()
})

test('conflicts come and go', async () => {
  const { db, notes, shell } = await openNotes()
  const ofNotes: string[] = []
  const ofAll: string[] = []
  notes.conflicts().subscribe(docs => ofNotes.push(docs.map(doc => doc.id).join()))
  db.conflicts().subscribe(found => ofAll.push(found.map(({ collection: name, id }) => `${name}/${id}`).join()))
  await notes.put('n1', { title: 'Heron' })
  shell.arrive('notes', [{ id: 'n1', text: '{"title":"Egret"}', context: '' }])
  await tick()
  shell.arrive('tags', [{ id: 't', text: '"x"' }, { id: 't', text: '"y"', context: '' }])
  await tick()
  await notes.put('n1', { title: 'Both' })
  await tick()
  assert.deepEqual(ofNotes, ['', 'n1', ''])
  assert.deepEqual(ofAll, ['', 'notes/n1', 'notes/n1,tags/t', 'tags/t'])
})

test('an iteration gives the present state, then the latest after each change, and ends with the database', async () => {
  const { db, notes } = await openNotes()
  await notes.put('n1', { title: 'a' })
  const seen: (string | undefined)[] = []
  const reading = (async () => {
    for await (const doc of notes.live('n1')) seen.push(doc?.value.title)
  })()
  await tick()
  await notes.put('n1', { title: 'b' })
  await tick()
  await db.close()
  await reading
  assert.deepEqual(seen, ['a', 'b'])
})

test('an iteration that is left is no longer told', async () => {
  const { notes } = await openNotes()
  for await (const docs of notes.live()) {
    assert.equal(docs.length, 0)
    break
  }
  await notes.put('n1', { title: 'a' })
})

test('whoever watches keeps what there was when the database is closed', async () => {
  const { db, notes } = await openNotes()
  await notes.put('n1', { title: 'a' })
  const lives = [notes.live('n1'), notes.live()]
  for (const live of lives) live.subscribe(() => undefined)
  const before = lives.map(live => live.snapshot())
  await db.close()
  assert.deepEqual(lives.map(live => live.snapshot()), before)
})

test('a listener is told that all is loaded, also when the last slice was empty', async () => {
  const { db } = await openFake()
  await db.batch(tx => {
    for (let index = 0; index < 500; index += 1) tx.notes?.put(`n${String(index)}`, index)
  })
  let told = false
  const live = db.collection('notes').live()
  live.subscribe((_, { loaded }) => (told = loaded))
  await settle()
  assert.equal(told, true)
  await db.close()
  assert.equal(live.loaded(), true)
})
