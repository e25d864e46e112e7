// Schemas: what is written is validated, and what is read and is not valid is kept apart.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'

import { collection } from '../src/definition.js'
import { EyotError } from '../src/errors.js'
import { versionOf, withVersion } from '../src/schema/mark.js'
import type { Collection } from '../src/types/collection.js'
import type { CollectionDefinition } from '../src/types/database.js'
import type { StandardSchema } from '../src/types/schema.js'
import type { FakeShell } from './fake-shell.js'
import { openFake, settle } from './setup.js'

interface Bird {
  title: string
  tags: string[]
}

const DEFINITIONS: Readonly<Record<string, CollectionDefinition<Bird>>> = {
  zod: collection({ schema: z.object({ title: z.string(), tags: z.array(z.string()) }) }),
  valibot: collection({ schema: v.object({ title: v.string(), tags: v.array(v.string()) }) }),
  arktype: collection({ schema: type({ '+': 'delete', title: 'string', tags: 'string[]' }) }),
}

const GOOD: Bird = { title: 'Heron', tags: ['grey'] }

interface Opened {
  readonly notes: Collection<Bird>
  readonly shell: FakeShell
  readonly batch: (write: (notes: { put(id: string, value: Bird): void }) => void) => Promise<void>
}

async function openNotes(definition: CollectionDefinition<Bird>): Promise<Opened> {
  const { db, shell } = await openFake({ collections: { notes: definition } })
  return { notes: db.collection('notes'), shell, batch: write => db.batch(tx => { write(tx.notes) }) }
}

function arrive(shell: FakeShell, id: string, value: unknown, version = 1): void {
  shell.arrive('notes', [{ id, text: withVersion(JSON.stringify(value), version) }])
}

for (const [library, definition] of Object.entries(DEFINITIONS)) {
  test(`${library}: a value that is not valid is refused, and the issues say where`, async () => {
    const { notes, batch } = await openNotes(definition)
    const bad = { title: 'Heron', tags: ['grey', 5] } as unknown as Bird
    const isRefusal = (error: unknown): boolean => {
      assert.ok(error instanceof EyotError && error.code === 'schema-invalid')
      const { issues } = error.detail as { issues: { path: unknown; message: unknown }[] }
      assert.deepEqual(issues.map(({ path }) => path), [['tags', 1]])
      assert.equal(typeof issues[0]?.message, 'string')
      return true
    }
    await assert.rejects(notes.put('n1', bad), isRefusal)
    await notes.put('n1', GOOD)
    await assert.rejects(notes.update('n1', () => bad), isRefusal)
    await assert.rejects(batch(tx => { tx.put('n2', GOOD); tx.put('n1', bad) }), isRefusal)
    assert.deepEqual((await notes.list()).map(({ id, value }) => [id, value]), [['n1', GOOD]])
  })

  test(`${library}: fields that something newer has written survive, and others that are unknown are dropped`, async () => {
    const { notes, shell, batch } = await openNotes(definition)
    arrive(shell, 'n1', { ...GOOD, colour: 'blue' }, 3)
    assert.equal(notes.peek('n1')?.issues, undefined)
    const written = await notes.update('n1', note => ({ ...note, title: 'Teal' }))
    assert.deepEqual(written.value, { title: 'Teal', tags: ['grey'], colour: 'blue' })
    await notes.put('n1', { ...GOOD, shape: 'round' } as Bird)
    assert.deepEqual(notes.peek('n1')?.value, { ...GOOD, colour: 'blue' })
    await batch(tx => { tx.put('n1', { title: 'Coot', tags: [] }); tx.put('n1', { title: 'Eider', tags: [] }) })
    assert.deepEqual(notes.peek('n1')?.value, { title: 'Eider', tags: [], colour: 'blue' })
    // It is still of the newer version, whose migrations it must not go through again.
    assert.equal(versionOf(shell.records.get('notes/n1')?.versions[0]?.text ?? ''), 3)
  })
}

test('records that are not valid are kept apart until they are', async () => {
  const { notes, shell } = await openNotes(DEFINITIONS.zod ?? {})
  const listed: string[][] = []
  const apart: string[][] = []
  const found: string[][] = []
  notes.subscribe(docs => listed.push(docs.map(({ id }) => id)))
  notes.invalid().subscribe(docs => apart.push(docs.map(({ id }) => id)))
  notes.query({ where: { title: { prefix: '' } } }).subscribe(docs => found.push(docs.map(({ id }) => id)))
  await notes.put('n1', GOOD)
  await notes.put('n2', GOOD)
  arrive(shell, 'n2', { title: 5 })
  shell.arrive('notes', [{ id: 'n3', text: '~{"~":["?"]}' }])
  await settle()
  for (const lists of [listed, found]) assert.deepEqual(lists.at(-1), ['n1'])
  assert.deepEqual(apart.at(-1), ['n2', 'n3'])
  assert.deepEqual((await notes.list()).map(({ id }) => id), ['n1'])
  assert.equal(await notes.count(), 1)
  const doc = await notes.get('n2')
  assert.deepEqual([doc?.value, doc?.issues?.map(({ path }) => path)], [{ title: 5 }, [['title'], ['tags']]])
  await notes.put('n2', GOOD)
  await notes.delete('n3')
  await settle()
  for (const lists of [listed, found]) assert.deepEqual(lists.at(-1), ['n1', 'n2'])
  assert.deepEqual(apart.at(-1), [])
})

test('values of older versions are brought up to date when they are read, and stored so with the next write', async () => {
  const definition = collection({
    schema: z.object({ title: z.string(), tags: z.array(z.string()) }),
    version: 3,
    migrate: {
      1: (value: { name: string }) => ({ title: value.name }),
      2: (value: { title: string }) => ({ ...value, tags: [] }),
    },
  })
  const { notes, shell } = await openNotes(definition)
  arrive(shell, 'n1', { name: 'Heron' })
  arrive(shell, 'n2', { title: 'Teal' }, 2)
  arrive(shell, 'n3', GOOD, 3)
  arrive(shell, 'n4', { ...GOOD, colour: 'blue' }, 4)
  arrive(shell, 'n5', 'no bird at all')
  const values = (await notes.list()).map(({ value }) => value)
  const newer = { ...GOOD, colour: 'blue' }
  assert.deepEqual(values, [{ title: 'Heron', tags: [] }, { title: 'Teal', tags: [] }, GOOD, newer])
  assert.ok(Object.isFrozen(values[0]) && Object.isFrozen(values[0]?.tags))
  assert.deepEqual(notes.invalid().snapshot().map(({ id }) => id), ['n5'])
  assert.equal(shell.records.get('notes/n1')?.versions[0]?.text, '{"name":"Heron"}')
  await notes.update('n1', note => ({ ...note, tags: ['old'] }))
  assert.equal(shell.records.get('notes/n1')?.versions[0]?.text, '{"title":"Heron","tags":["old"]}  ')
})

test('an app that knows nothing of versions reads the values, and an app with versions reads its', async () => {
  const { db, shell } = await openFake()
  const notes = db.collection<unknown>('notes')
  for (const value of ['text', [1, 2], { a: new Date(5), b: 3n }, new Uint8Array([1])]) {
    await notes.put('n1', value)
    const text = shell.records.get('notes/n1')?.versions[0]?.text ?? ''
    shell.arrive('notes', [{ id: 'n2', text: withVersion(text, 7) }])
    assert.deepEqual(notes.peek('n2')?.value, value)
    assert.deepEqual([versionOf(text), versionOf(withVersion(text, 7))], [1, 7])
  }
  assert.equal(versionOf(' '.repeat(5_000)), 1_000)
})

test('a migration or a schema that throws disturbs nobody', async () => {
  const fails = (): never => {
    throw new RangeError('no')
  }
  const migrating = await openNotes(collection<Bird>({ version: 2, migrate: { 1: fails } }))
  arrive(migrating.shell, 'n1', GOOD)
  assert.deepEqual(migrating.notes.invalid().snapshot().map(({ id }) => id), ['n1'])
  const schema: StandardSchema<Bird> = { '~standard': { version: 1, vendor: 'test', validate: fails } }
  const throwing = await openNotes(collection({ schema }))
  arrive(throwing.shell, 'n1', GOOD)
  assert.deepEqual(throwing.notes.peek('n1')?.issues, [{ message: 'no', path: [] }])
  await assert.rejects(throwing.notes.put('n2', GOOD), RangeError)
})

test('an asynchronous schema is a TypeError that says so', async () => {
  const { notes, shell } = await openNotes(collection({
    schema: v.pipeAsync(v.object({ title: v.string(), tags: v.array(v.string()) }), v.checkAsync(() => Promise.resolve(true))),
  }))
  await assert.rejects(notes.put('n1', GOOD), /at once/)
  arrive(shell, 'n2', GOOD)
  assert.match(notes.peek('n2')?.issues?.[0]?.message ?? '', /at once/)
})

test('options that make no schema are a TypeError', () => {
  const mistakes: object[] = [{ schema: {} }, { schema: 5 }, { version: 0 }, { version: 1.5 }, { version: 1_001 }]
  mistakes.push({ migrate: { 1: (value: unknown) => value } }, { version: 2, migrate: { 1: 5 } }, { version: 2, migrate: null })
  for (const options of mistakes) assert.throws(() => collection(options), TypeError)
})

// Never called: its types are the test.
export async function types(): Promise<string> {
  const { db } = await openFake({ collections: { notes: collection({ schema: z.object({ title: z.string() }), indexes: ['title'] }) } })
  const notes = db.collection('notes')
  // @ts-expect-error: a title is text
  await notes.put('n1', { title: 5 })
  // @ts-expect-error: there is no such field
  collection({ schema: z.object({ title: z.string() }), indexes: ['colour'] })
  return notes.peek('n1')?.value.title ?? ''
}
