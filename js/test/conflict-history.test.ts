// The history of conflicts over the real engine: what is remembered of a conflict and of its end, in all tabs, over reloads.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

import 'fake-indexeddb/auto'

import type * as Eyot from '../src/index.js'
import { after, type Episode, type Sight } from '../src/history/episode.js'

const PACKAGE = new URL('../../../dist/', import.meta.url)
const { collection, conflictHistory, counter, destroy, open } = (await import(new URL('index.js', PACKAGE).href)) as typeof Eyot
const wasm = await WebAssembly.compile(readFileSync(new URL('eyot_bg.wasm', PACKAGE)))

interface Note {
  readonly title: string
  readonly likes?: number
}

const collections = { notes: collection<Note>(), merged: collection<Note>({ merge: { fields: { likes: counter() } } }) }

type Database = Eyot.Database<typeof collections>

const opened: Database[] = []

async function openAs(name: string, profile: string): Promise<Database> {
  const db = await open(name, { wasm, profile, collections })
  opened.push(db)
  return db
}

async function meet(here: Database, there: Database): Promise<void> {
  const { port1, port2 } = new MessageChannel()
  const peers = [here.join(port1, { calls: true }), there.join(port2, { calls: false })]
  await Promise.all([here.until(there.token()), there.until(here.token())])
  for (const peer of peers) peer.leave()
  for (const port of [port1, port2]) port.close()
}

async function until(what: string, ask: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 2_000; turn += 1) {
    if (await ask()) return
    await new Promise(resolve => setTimeout(resolve, 2))
  }
  throw new Error(`waited in vain until ${what}`)
}

function titles({ versions }: Eyot.ConflictEntry): unknown[] {
  return versions.map(({ value }) => (value as Note | undefined)?.title).sort()
}

test.after(async () => {
  for (const db of opened) await db.close()
})

test('a conflict is remembered with its versions, and with the write that ended it, over a reload', async () => {
  const [left, right] = [await openAs('kept', 'left'), await openAs('kept', 'right')]
  const history = await conflictHistory(left)
  await left.collection('notes').put('n', { title: 'one' })
  await right.collection('notes').put('n', { title: 'two' })
  await meet(left, right)
  await history.noted()
  const [entry, ...others] = await history.list({ collection: 'notes', id: 'n' })
  assert.ok(entry !== undefined && others.length === 0)
  assert.deepEqual([titles(entry), entry.ended, entry.policy, entry.shown], [['one', 'two'], undefined, 'keep', left.collection('notes').peek('n')?.value])
  assert.deepEqual(history.recent.snapshot(), [entry])
  await right.collection('notes').put('n', { title: 'both' })
  await meet(left, right)
  await history.noted()
  const [ended] = await history.list()
  assert.deepEqual([ended?.ended?.by, ended?.ended?.here, ended?.ended?.resolution?.value], ['write', false, { title: 'both' }])
  assert.equal(ended?.ended?.resolution?.replica, right.collection('notes').peek('n')?.siblings[0]?.replica)
  history.end()
  await left.close()
  const again = await openAs('kept', 'left')
  const reread = await conflictHistory(again)
  assert.deepEqual(await reread.list(), [ended])
  assert.deepEqual(await reread.list({ id: 'other' }), [])
  assert.deepEqual(await reread.list({ since: Date.now() + 60_000 }), [])
  await reread.clear()
  assert.deepEqual(await reread.list(), [])
})

test('what began and ended while nobody looked is found when somebody does', async () => {
  const [left, right] = [await openAs('found', 'left'), await openAs('found', 'right')]
  await left.collection('notes').put('n', { title: 'one' })
  await right.collection('notes').put('n', { title: 'two' })
  await meet(left, right)
  const first = await conflictHistory(left)
  assert.deepEqual((await first.list()).map(titles), [['one', 'two']])
  first.end()
  await left.collection('notes').delete('n')
  const second = await conflictHistory(left)
  const [entry, ...others] = await second.list()
  assert.deepEqual([entry?.ended?.by, entry?.ended?.resolution, entry?.ended?.here, others.length], ['write', undefined, undefined, 0])
})

test('two tabs remember a conflict once, and each is told what the other has noted', async () => {
  const [one, two, right] = [await openAs('tabs', 'left'), await openAs('tabs', 'left'), await openAs('tabs', 'right')]
  const histories = [await conflictHistory(one), await conflictHistory(two)]
  await one.collection('notes').put('n', { title: 'one' })
  await right.collection('notes').put('n', { title: 'two' })
  await meet(one, right)
  await two.until(one.token())
  await one.collection('notes').put('n', { title: 'both' })
  await two.until(one.token())
  for (const history of histories) await history.noted()
  for (const history of histories) {
    const entries = await history.list()
    assert.deepEqual(entries.map(titles), [['one', 'two']])
    assert.deepEqual([entries[0]?.ended?.by, entries[0]?.ended?.here], ['write', true])
    await until('the tab has been told', () => history.recent.snapshot()[0]?.ended !== undefined)
  }
})

test('what a policy merges has ended by it, and what it leaves open names its fields', async () => {
  const [left, right] = [await openAs('policies', 'left'), await openAs('policies', 'right')]
  const history = await conflictHistory(left)
  await left.collection('merged').put('n', { title: 'note', likes: 1 })
  await meet(left, right)
  for (const [db, more] of [[left, 1], [right, 2]] as const) {
    await db.collection('merged').update('n', note => ({ ...note, likes: (note.likes ?? 0) + more }))
  }
  await meet(left, right)
  await history.noted()
  const [merged] = await history.list()
  assert.deepEqual([merged?.ended?.by, merged?.shown, merged?.fields], ['policy', { title: 'note', likes: 4 }, []])
  await left.collection('merged').update('n', note => ({ ...note, title: 'left' }))
  await right.collection('merged').update('n', note => ({ ...note, title: 'right' }))
  await meet(left, right)
  await history.noted()
  const entries = await history.list()
  assert.deepEqual(entries.map(({ ended, fields }) => [ended?.by, fields]), [[undefined, ['title']], ['policy', []]])
})

test('no more are kept than the limit, none that ended too long ago, and none when the database is destroyed', async () => {
  const [left, right] = [await openAs('limits', 'left'), await openAs('limits', 'right')]
  const history = await conflictHistory(left, { limit: 2 })
  for (const id of ['a', 'b', 'c']) {
    for (const db of [left, right]) await db.collection('notes').put(id, { title: db === left ? 'one' : 'two' })
    await meet(left, right)
    await history.noted()
  }
  assert.deepEqual((await history.list()).map(({ id }) => id), ['c', 'b'])
  for (const id of ['a', 'b', 'c']) await left.collection('notes').delete(id)
  await history.noted()
  history.end()
  const long = await conflictHistory(left, { keepForMs: 3_600_000 })
  assert.deepEqual((await long.list()).map(({ id, ended }) => [id, ended?.by]), [['c', 'write'], ['b', 'write']])
  long.end()
  await new Promise(resolve => setTimeout(resolve, 5))
  const short = await conflictHistory(left, { keepForMs: 1 })
  assert.deepEqual(await short.list(), [])
  short.end()
  const later = await conflictHistory(left)
  assert.deepEqual(await later.list(), [], 'they are gone from the disk')
  await left.close()
  await destroy('limits', { profile: 'left' })
  const anew = await conflictHistory(await openAs('limits', 'left'))
  assert.deepEqual(await anew.list(), [])
  await assert.rejects(conflictHistory(left, { limit: 0 }), TypeError)
})

test('a tab that is behind changes nothing of what another one has seen end', () => {
  const version = (name: string) => ({ deleted: false, value: name, replica: '', at: 0, version: name })
  const sight = (names: string[]): Sight => {
    const versions = names.map(version)
    return { collection: 'notes', id: 'n', at: 1, versions, policy: 'keep', shown: '', fields: [], conflicted: names.length > 1, here: true }
  }
  const see = (last: Episode | undefined, ...names: string[]): Episode | undefined => after(last, sight(names))
  const begun = see(undefined, 'a', 'b')
  const more = see(begun, 'a', 'b', 'c')
  assert.equal(see(more, 'a', 'b'), more)
  assert.equal(see(more, 'a'), more)
  const ended = see(more, 'd')
  assert.deepEqual([ended?.ended?.by, ended?.versions.length, ended?.standing], ['write', 3, false])
  assert.equal(see(ended, 'b', 'c'), ended)
  assert.equal(see(ended, 'a'), ended)
  assert.deepEqual(see(ended, 'd', 'e')?.versions.length, 2)
  assert.equal(see(undefined, 'a'), undefined)
})
