// Opening, closing, syncing and waiting.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { checkEnvironment } from '../src/environment.js'
import type { EyotError } from '../src/errors.js'
import { checkOpening, openWith } from '../src/opening.js'
import type { Shell, ShellEvent } from '../src/shell.js'
import { coded, FakeEngine } from './fake-shell.js'
import { openFake, tick } from './setup.js'

test('unknown options and bad names are a TypeError', () => {
  const mistakes: [name: unknown, options: unknown][] = [
    ['', {}],
    ['Notes', {}],
    [5, {}],
    ['notes', { colections: {} }],
    ['notes', { collections: [] , merge: 'fields' }],
    ['notes', { collections: { notes: { merge: 'feilds' } } }],
    ['notes', { collections: { notes: { merge: 5 } } }],
    ['notes', { collections: { notes: { merge: {} } } }],
    ['notes', { collections: { notes: { merge: { fields: { likes: 'counter' } } } } }],
    ['notes', { collections: { notes: { merge: { fields: { likes: { kind: 'toString' } } } } } }],
    ['notes', { collections: { Notes: {} } }],
    ['notes', { collections: { notes: 'fields' } }],
    ['notes', { collections: { notes: { indexes: 'done' } } }],
    ['notes', { collections: { notes: { indexes: [''] } } }],
    ['notes', { collections: { notes: { indexes: ['a..b'] } } }],
    ['notes', { collections: { notes: { indexes: [[]] } } }],
    ['notes', { collections: { notes: { indexes: [['a', 'a']] } } }],
    ['notes', { maximumRecordBytes: 0 }],
    ['notes', { keepDeletionsForMs: -1 }],
    ['notes', { keepDeletionsForMs: '30 days' }],
    ['notes', null],
  ]
  for (const [name, options] of mistakes) assert.throws(() => checkOpening(name, options), TypeError)
  checkOpening('notes', { collections: { notes: {} }, maximumRecordBytes: 1000 })
  const { shell } = checkOpening('notes', { keepDeletionsForMs: Infinity })
  assert.deepEqual(shell, { keepDeletionsForMs: Infinity, maximumRecordBytes: 1 << 20 })
})

test('where there is no browser, what is missing is named', () => {
  assert.throws(checkEnvironment, { name: 'EyotError', code: 'unsupported-environment', detail: { missing: ['indexedDB'] } })
})

test('without named collections every name is one', async () => {
  const { db } = await openFake()
  const doc = await db.collection<{ a: number }>('things').put('x', { a: 1 })
  assert.equal(doc.value.a, 1)
  assert.throws(() => db.collection('No such name'), TypeError)
})

test('a database that is closed answers nobody and says why', async () => {
  const { db } = await openFake()
  const notes = db.collection('notes')
  await db.close()
  await db.close()
  assert.equal(await db.closed, 'closed')
  const closed = { name: 'EyotError', code: 'closed', detail: { reason: 'closed' } }
  assert.throws(() => db.token(), closed)
  assert.throws(() => notes.peek('n1'), closed)
  assert.throws(() => notes.live('n1').subscribe(() => undefined), closed)
  await assert.rejects(notes.put('n1', 1), closed)
  await assert.rejects(db.batch(tx => tx.notes?.put('n1', 1)), closed)
})

test('a database that is closed from elsewhere says why', async () => {
  const { db, shell } = await openFake()
  shell.emit({ kind: 'closed', code: 'destroyed-elsewhere' })
  assert.equal(await db.closed, 'destroyed-elsewhere')
  assert.throws(() => db.token(), { code: 'closed', detail: { reason: 'destroyed-elsewhere' } })
  await db.close()
})

test('writes end before close does', async () => {
  const { db, shell } = await openFake()
  let release: () => void = () => undefined
  shell.held = new Promise(resolve => {
    release = resolve
  })
  const steps: string[] = []
  const writing = db.collection('notes').put('n1', 1).then(() => steps.push('written'))
  const closing = db.close().then(() => steps.push('closed'))
  await tick()
  assert.deepEqual(steps, [])
  release()
  await Promise.all([writing, closing])
  assert.deepEqual(steps, ['written', 'closed'])
})

test('sync tells its status and can be stopped and started again', async () => {
  const { db, shell } = await openFake()
  const sync = db.sync('wss://relay.example/v1/sync/test')
  const states: string[] = []
  sync.status.subscribe(status => states.push(status.state))
  assert.throws(() => db.sync('wss://relay.example/'), { code: 'sync-already-started' })
  const error = { code: 'unreachable', message: 'no answer', retryAt: 5 }
  shell.emit({ kind: 'sync', status: { ...shell.status, state: 'waiting', error } })
  await tick()
  assert.deepEqual(sync.status.snapshot().error, error)
  sync.stop()
  sync.stop()
  assert.deepEqual(states, ['connecting', 'waiting', 'off'])
  assert.equal(sync.status.snapshot().error, undefined)
  db.sync('https://relay.example/v1/sync/test').stop()
  assert.deepEqual(shell.calls, [
    'sync wss://relay.example/v1/sync/test',
    'stop',
    'sync wss://relay.example/v1/sync/test',
    'stop',
  ])
})

test('a token may be given at once or later, and must be text', async () => {
  const { db, shell } = await openFake()
  for (const token of [() => 'secret', () => Promise.resolve('secret')]) {
    const sync = db.sync('wss://relay.example/', { token })
    assert.equal(await shell.token_?.(), 'secret')
    sync.stop()
  }
  db.sync('wss://relay.example/', { token: (() => 5) as unknown as () => string })
  await assert.rejects(async () => shell.token_?.(), TypeError)
})

test('a sync needs a URL that a socket can have', async () => {
  const { db } = await openFake()
  for (const url of ['', 'relay', 'ftp://relay.example/', 5]) {
    assert.throws(() => db.sync(url as string), TypeError)
  }
  const wrong = { tokens: 'x' } as object
  assert.throws(() => db.sync('wss://relay.example/', wrong), TypeError)
})

test('waiting can be given up', async () => {
  const { db, shell } = await openFake()
  await db.saved()
  await db.until(db.token())
  shell.held = new Promise(() => undefined)
  const controller = new AbortController()
  const waiting = [db.saved({ signal: controller.signal }), db.until('a:9', { signal: controller.signal })]
  controller.abort(new Error('enough'))
  for (const wait of waiting) await assert.rejects(wait, { message: 'enough' })
  await assert.rejects(db.saved({ signal: AbortSignal.abort(new Error('before')) }), { message: 'before' })
})

test('errors of the engine carry their code', async () => {
  const { db } = await openFake()
  await assert.rejects(db.import(new Uint8Array()), (error: EyotError) => {
    assert.deepEqual([error.name, error.code], ['EyotError', 'invalid-export'])
    return error.cause instanceof Error
  })
  assert.equal(await db.import(await db.export()), 3)
})

test('a fault of the engine is internal and keeps its cause', async () => {
  const { db, shell } = await openFake()
  const fault = new Error('unreachable executed')
  shell.failure = fault
  await assert.rejects(db.collection('notes').put('n1', 1), { code: 'internal', cause: fault })
  shell.failure = coded('storage-failed', 'aborted')
  await assert.rejects(db.collection('notes').put('n1', 1), { code: 'storage-failed' })
})

test('health is told', async () => {
  const { db, shell } = await openFake()
  const seen: (string | undefined)[] = []
  db.health.subscribe(health => seen.push(health.degraded))
  shell.emit({ kind: 'health', health: { ...shell.health(), degraded: 'quota-exceeded' } })
  await tick()
  assert.deepEqual(seen, [undefined, 'quota-exceeded'])
})

test('notices are told once to each listener, and kept for those who come later', async () => {
  const { db, shell } = await openFake()
  const told: (readonly [who: string, codes: readonly string[]])[] = []
  const listen = (who: string): (() => void) =>
    db.notices.subscribe((_, { added }) => told.push([who, added.map(notice => notice.code)]))
  listen('first')
  shell.emit({ kind: 'notice', code: 'replica-forked', records: [] })
  listen('second')
  await tick()
  shell.emit({ kind: 'notice', code: 'dot-collision', records: [['notes', 'n1']] })
  await tick()
  assert.deepEqual(told, [
    ['first', []],
    ['second', ['replica-forked']],
    ['first', ['replica-forked']],
    ['first', ['dot-collision']],
    ['second', ['dot-collision']],
  ])
  const [forked, collision] = db.notices.snapshot()
  assert.match(forked?.message ?? '', /nothing is lost/)
  assert.deepEqual(collision?.records, [{ collection: 'notes', id: 'n1' }])
  assert.ok(Object.isFrozen(collision) && Object.isFrozen(collision.records))
  assert.equal(db.notices.snapshot(), db.notices.snapshot())
})

test('what was found while opening is there for the first who looks', async () => {
  class EarlyEngine extends FakeEngine {
    override async open(name: string, options: object, onEvent: (event: ShellEvent) => void): Promise<Shell> {
      onEvent({ kind: 'notice', code: 'storage-lost', records: [], savedAt: 5 })
      return super.open(name, options, onEvent)
    }
  }
  const db = await openWith(new EarlyEngine(), 'test', checkOpening('test', {}))
  const [notice] = db.notices.snapshot()
  assert.deepEqual([notice?.code, notice?.savedAt], ['storage-lost', 5])
})

test('notices do not fill the memory', async () => {
  const { db, shell } = await openFake()
  for (let count = 1; count <= 250; count += 1) shell.emit({ kind: 'notice', code: 'dot-collision', records: [['notes', String(count)]] })
  const kept = db.notices.snapshot()
  assert.deepEqual([kept.length, kept.at(-1)?.records[0]?.id], [100, '250'])
})
