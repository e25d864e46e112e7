// Records that are not in memory: what waits for them, and what does not.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { collection } from '../src/definition.js'
import { openFake, settle } from './setup.js'

async function openAway() {
  const { db, shell } = await openFake({ collections: { notes: collection<number>(), tags: collection<string>() } })
  const notes = db.collection('notes')
  const ids = Array.from({ length: 500 }, (_, index) => `n${String(index).padStart(4, '0')}`)
  shell.arrive('notes', ids.map((id, index) => ({ id, text: String(index) })))
  for (const id of ids.slice(100, 400)) if (id.endsWith('0')) shell.away.add(`notes/${id}`)
  return { db, shell, notes, ids }
}

test('get waits for the record, peek does not', async () => {
  const { notes, shell } = await openAway()
  assert.equal(notes.peek('n0100'), undefined)
  assert.equal((await notes.get('n0100'))?.value, 100)
  assert.equal(notes.peek('n0100')?.value, 100)
  shell.away.add('notes/none')
  assert.equal(await notes.get('none'), undefined)
})

test('a list reads on over what is not in memory', async () => {
  const { notes, ids } = await openAway()
  assert.deepEqual((await notes.list()).map(doc => doc.id), ids)
  const some = await notes.list({ after: 'n0150', limit: 60 })
  assert.deepEqual(some.map(doc => doc.id), ids.slice(151, 211))
})

test('a collection that is watched comes to be whole', async () => {
  const { notes, ids } = await openAway()
  const live = notes.live()
  const lengths: number[] = []
  live.subscribe(docs => lengths.push(docs.length))
  assert.equal(live.loaded(), false)
  assert.ok((lengths[0] ?? 500) <= 100)
  await settle()
  assert.equal(live.loaded(), true)
  assert.deepEqual(live.snapshot().map(doc => doc.id), ids)
})

test('changed records that are not in memory are read before they are shown, all together', async () => {
  const { notes, shell } = await openAway()
  const live = notes.live()
  const seen: string[] = []
  live.subscribe(docs => seen.push(docs.filter(doc => doc.value < 0).map(doc => doc.id).join(' ')))
  await settle()
  shell.arrive('notes', [{ id: 'n0001', text: '-1' }, { id: 'n0002', text: '-2' }])
  shell.away.add('notes/n0002')
  await settle()
  assert.deepEqual([...new Set(seen)], ['', 'n0001 n0002'])
})

test('a watched record says that it is not known yet, and then what it is', async () => {
  const { notes, shell } = await openAway()
  shell.away.add('notes/none')
  for (const [id, value] of [['n0100', 100], ['none', undefined]] as const) {
    const live = notes.live(id)
    const seen: (readonly [number | undefined, boolean])[] = []
    const unsubscribe = live.subscribe(doc => seen.push([doc?.value, live.loaded()]))
    await settle()
    assert.deepEqual(seen, [[undefined, false], [value, true]])
    unsubscribe()
  }
})

test('an update waits for the record, and loses nothing to one beside it', async () => {
  const { notes, shell } = await openAway()
  await Promise.all([1, 2, 3].map(() => notes.update('n0100', value => value + 1)))
  const doc = await notes.get('n0100')
  assert.deepEqual([doc?.value, doc?.conflicted], [103, false])
  shell.away.add('notes/none')
  await assert.rejects(notes.update('none', value => value), { code: 'not-found' })
})

test('a batch is run again for each record that it has to wait for', async () => {
  const { db, notes } = await openAway()
  let runs = 0
  const sum = await db.batch(tx => {
    runs += 1
    let total = 0
    for (const id of ['n0100', 'n0101', 'n0110']) {
      tx.notes.update(id, value => value + 1000)
      total += tx.notes.value(id) ?? 0
    }
    return total
  })
  assert.deepEqual([runs, sum], [3, 3311])
  assert.equal((await notes.get('n0110'))?.value, 1110)
})

test('a batch that swallows the interruption is run again all the same', async () => {
  const { db, notes } = await openAway()
  await db.batch(tx => {
    let value: number | undefined
    try {
      value = tx.notes.value('n0100')
    } catch {
      return
    }
    tx.notes.put('n0001', (value ?? 0) + 1)
  })
  assert.equal((await notes.get('n0001'))?.value, 101)
})

test('conflicts that are not in memory come into the list', async () => {
  const { notes, shell } = await openAway()
  shell.arrive('notes', [{ id: 'n0100', text: '1', context: '' }, { id: 'n0101', text: '2', context: '' }])
  shell.away.add('notes/n0100')
  const seen: string[] = []
  notes.conflicts().subscribe(docs => seen.push(docs.map(doc => doc.id).join(' ')))
  await settle()
  assert.deepEqual(seen, ['n0101', 'n0100 n0101'])
})

test('cacheBytes must be a number of bytes', async () => {
  await assert.rejects(openFake({ cacheBytes: 0 }), TypeError)
})

test('a query finds records that are not in memory, and reads those that it shows', async () => {
  const { db, shell } = await openFake({ collections: { notes: { indexes: ['size'] } } })
  const notes = db.collection<{ size: number }>('notes')
  const ids = Array.from({ length: 300 }, (_, index) => `n${String(index).padStart(4, '0')}`)
  shell.arrive('notes', ids.map((id, index) => ({ id, text: JSON.stringify({ size: (index * 7) % 300 }) })))
  const hide = (): void => {
    ids.forEach(id => shell.away.add(`notes/${id}`))
  }
  for (const order of [{ orderBy: 'size' }, {}] as const) {
    hide()
    const query = notes.query({ where: { size: { gte: 100, lt: 220 } }, ...order, limit: 110 })
    const rows = await query.get()
    assert.equal(rows.length, 110)
    assert.ok(rows.every(doc => doc.value.size >= 100 && doc.value.size < 220))
    const seen: number[] = []
    const unsubscribe = query.subscribe(found => seen.push(found.length))
    const first = rows[0]?.id ?? ''
    shell.arrive('notes', [{ id: first, text: JSON.stringify({ size: 999, order }) }])
    hide()
    await settle()
    assert.equal(query.snapshot().some(doc => doc.id === first), false)
    assert.deepEqual([...new Set(seen)], [110])
    unsubscribe()
  }
})
