// What concurrent versions of a record show under each policy, and what a write says of what it did not change.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { z } from 'zod'

import { collection } from '../src/definition.js'
import { encode } from '../src/encode.js'
import { readSources } from '../src/merge/content.js'
import { counter, set } from '../src/merge/kinds.js'
import { versionOf } from '../src/schema/mark.js'
import type { CollectionOptions } from '../src/types/database.js'
import type { Merge } from '../src/types/merge.js'
import { unpackWrites } from './packing.js'
import { openFake } from './setup.js'

interface Bird {
  readonly title: string
  readonly done?: boolean
  readonly likes?: number
  readonly tags?: readonly string[]
}

const BY_FIELDS: Merge<Bird> = { fields: { likes: counter(), tags: set() } }

async function birds(merge: Merge<Bird>) {
  const { db, shell } = await openFake({ collections: { birds: collection<Bird>({ merge }) } })
  return { db, shell, birds: db.collection('birds') }
}

type Opened = Awaited<ReturnType<typeof birds>>

/** Another replica changes what it sees of the record, and its write arrives. */
async function elsewhere({ shell }: Opened, merge: Merge<Bird>, change: (bird: Bird) => Bird, from = 'b'): Promise<() => void> {
  const other = await birds(merge)
  const record = shell.records.get('birds/n')
  if (record !== undefined) other.shell.records.set('birds/n', record)
  let written: { text: string | undefined; context: string | undefined; references: readonly string[] } | undefined
  other.shell.write = packed => {
    written = unpackWrites(packed)[0]
    return Promise.resolve(undefined)
  }
  await other.birds.update('n', change)
  return () => {
    if (written !== undefined) shell.arrive('birds', [{ id: 'n', text: written.text, context: written.context ?? '', references: written.references }], from)
  }
}

test('changes to different fields merge, and a field that both have changed is in conflict', async () => {
  const app = await birds('fields')
  await app.birds.put('n', { title: 'Heron', done: false })
  const arrive = await elsewhere(app, 'fields', bird => ({ ...bird, done: true }))
  await app.birds.update('n', bird => ({ ...bird, title: 'Grey heron' }))
  arrive()
  const doc = await app.birds.get('n')
  assert.deepEqual(doc?.value, { title: 'Grey heron', done: true })
  assert.deepEqual([doc.conflicted, doc.conflicts, doc.siblings.length], [false, [], 2])
  assert.deepEqual(app.birds.conflicts().snapshot(), [])
  // Whoever has seen both goes on from there.
  const again = await elsewhere(app, 'fields', bird => ({ ...bird, title: 'Night heron' }))
  const settled = await app.birds.update('n', bird => ({ ...bird, title: 'Egret' }))
  assert.deepEqual([settled.value, settled.siblings.length], [{ title: 'Egret', done: true }, 1])
  again()
  const open = app.birds.peek('n')
  assert.deepEqual([open?.value, open?.conflicted, open?.conflicts], [{ title: 'Night heron', done: true }, true, ['title']])
  assert.deepEqual(app.birds.conflicts().snapshot(), [open])
})

test('a deleted field is a change like any other', async () => {
  const app = await birds('fields')
  await app.birds.put('n', { title: 'Heron', done: false })
  const arrive = await elsewhere(app, 'fields', ({ title }) => ({ title }))
  await app.birds.update('n', bird => ({ ...bird, title: 'Grey heron' }))
  arrive()
  assert.deepEqual(app.birds.peek('n')?.value, { title: 'Grey heron' })
  const [first, second] = [await elsewhere(app, 'fields', bird => ({ ...bird, done: true })), await elsewhere(app, 'fields', bird => bird)]
  first()
  second()
  assert.deepEqual([app.birds.peek('n')?.value, app.birds.peek('n')?.conflicts], [{ title: 'Grey heron', done: true }, []])
})

test('what is added at the same time adds up, and an addition to a set outlives a removal that had not seen it', async () => {
  const app = await birds(BY_FIELDS)
  await app.birds.put('n', { title: 'Heron', likes: 3, tags: ['water'] })
  const more = (bird: Bird): Bird => ({ ...bird, likes: (bird.likes ?? 0) + 2, tags: [...(bird.tags ?? []), 'grey'] })
  const arrive = await elsewhere(app, BY_FIELDS, more)
  await app.birds.update('n', bird => ({ ...bird, likes: (bird.likes ?? 0) - 1, tags: ['big'] }))
  arrive()
  const doc = app.birds.peek('n')
  assert.deepEqual(doc?.value, { title: 'Heron', likes: 4, tags: ['big', 'grey'] })
  assert.equal(doc.conflicted, false)
  for (let round = 0; round < 5; round += 1) await app.birds.update('n', bird => ({ ...bird, likes: (bird.likes ?? 0) + 1 }))
  assert.deepEqual(app.birds.peek('n')?.value, { title: 'Heron', likes: 9, tags: ['big', 'grey'] })
  await assert.rejects(app.birds.update('n', bird => ({ ...bird, likes: 0.5 })), TypeError)
  await assert.rejects(app.birds.update('n', bird => ({ ...bird, tags: 'x' as never })), TypeError)
})

test('a form that was open for long replaces only the fields that its user has changed', async () => {
  const app = await birds('fields')
  await app.birds.put('n', { title: 'Heron', done: false })
  const opened = await app.birds.get('n')
  assert.ok(opened !== undefined)
  const { value, context } = opened
  const arrive = await elsewhere(app, 'fields', bird => ({ ...bird, title: 'Grey heron' }))
  arrive()
  await app.birds.put('n', { ...value, done: true }, { context })
  assert.deepEqual([app.birds.peek('n')?.value, app.birds.peek('n')?.conflicts], [{ title: 'Grey heron', done: true }, []])
})

test('a batch counts what each of its steps adds', async () => {
  const app = await birds(BY_FIELDS)
  await app.birds.put('n', { title: 'Heron', likes: 1 })
  const arrive = await elsewhere(app, BY_FIELDS, bird => ({ ...bird, likes: (bird.likes ?? 0) + 10 }))
  const like = (bird: Bird): Bird => ({ ...bird, likes: (bird.likes ?? 0) + 1 })
  await app.db.batch(tx => {
    tx.birds.update('n', like)
    tx.birds.update('n', like)
    tx.birds.update('n', bird => ({ ...bird, title: 'Egret' }))
  })
  arrive()
  assert.deepEqual(app.birds.peek('n')?.value, { title: 'Egret', likes: 13 })
})

test('the last writer wins without a conflict, and its siblings tell the rest', async () => {
  const app = await birds('lastWriter')
  await app.birds.put('n', { title: 'Heron' })
  const arrive = await elsewhere(app, 'lastWriter', () => ({ title: 'Egret' }))
  await app.birds.put('n', { title: 'Grey heron' })
  arrive()
  const doc = app.birds.peek('n')
  assert.deepEqual([doc?.value.title, doc?.conflicted, doc?.siblings.length], ['Egret', false, 2])
})

test('a function of the application decides, and when it throws people do', async () => {
  let broken = false
  const longest: Merge<Bird> = siblings => {
    if (broken) throw new Error('broken')
    return siblings.map(sibling => sibling.value).sort((one, other) => (other?.title.length ?? 0) - (one?.title.length ?? 0))[0] ?? { title: '' }
  }
  const app = await birds(longest)
  await app.birds.put('n', { title: 'Heron' })
  const arrive = await elsewhere(app, longest, () => ({ title: 'Egret' }))
  await app.birds.put('n', { title: 'Grey heron' })
  arrive()
  assert.deepEqual([app.birds.peek('n')?.value.title, app.birds.peek('n')?.conflicted], ['Grey heron', false])
  broken = true
  const reported: unknown[] = []
  const before = globalThis.reportError
  globalThis.reportError = error => reported.push(error)
  try {
    const later = await elsewhere(app, 'keep', () => ({ title: 'Bittern' }))
    await app.birds.update('n', bird => ({ title: `${bird.title}!` }))
    later()
    assert.deepEqual([app.birds.peek('n')?.value.title, app.birds.peek('n')?.conflicted], ['Bittern', true])
  } finally {
    globalThis.reportError = before
  }
  assert.match(String(reported[0]), /broken/)
})

test('an app that keeps versions and one that merges fields read what the other has written', async () => {
  const app = await birds(BY_FIELDS)
  await app.birds.put('n', { title: 'Heron', likes: 1, tags: ['water'] })
  await app.birds.update('n', bird => ({ ...bird, title: 'Egret' }))
  const old = await birds('keep')
  for (const [key, record] of app.shell.records) old.shell.records.set(key, record)
  assert.deepEqual(old.birds.peek('n')?.value, { title: 'Egret', likes: 1, tags: ['water'] })
  // What it writes it has set as a whole; what was added at the same time still counts.
  const arrive = await elsewhere(app, 'keep', bird => ({ ...bird, likes: 7 }))
  await app.birds.update('n', bird => ({ ...bird, likes: (bird.likes ?? 0) + 1 }))
  arrive()
  assert.deepEqual(app.birds.peek('n')?.value, { title: 'Egret', likes: 8, tags: ['water'] })
})

test('equal values from different sources are no conflict where fields are not looked at', async () => {
  const app = await birds('keep')
  const text = '{"title":"Heron"}'
  app.shell.arrive('birds', [{ id: 'n', text, context: '' }])
  app.shell.arrive('birds', [{ id: 'n', text: `${text}\x1e[0,{}]`, context: '', references: ['c:1'] }], 'c')
  const doc = app.birds.peek('n')
  assert.deepEqual([doc?.value.title, doc?.conflicted, doc?.siblings.length], ['Heron', false, 2])
})

test('a version that has no fields, or whose sources are nonsense, is read as it stands', async () => {
  const app = await birds(BY_FIELDS)
  for (const tail of ['', '\x1e', '\x1e5', '\x1e[9,{"title":99}]', '\x1e[0,{"title":[[0]],"likes":[[5,1],[0,"x"]],"tags":[[0,9,-1,"a"]]}]', '\x1e[-2,null]']) {
    app.shell.arrive('birds', [{ id: 'n', text: `{"title":"Heron","likes":2,"tags":["x"]}${tail}`, references: [] }])
    app.shell.arrive('birds', [{ id: 'n', text: '{"title":"Heron","likes":2,"tags":["x"],"__proto__":1}', context: '' }], 'c')
    const { title, likes, tags } = app.birds.peek('n')?.value ?? { title: '' }
    assert.deepEqual([title, likes, tags], ['Heron', 4, ['x']], tail)
  }
  app.shell.arrive('birds', [{ id: 'n', text: '[1]', context: '' }], 'c')
  assert.equal(app.birds.peek('n')?.conflicted, true)
})

const later = { version: 2, migrate: { 1: ({ name, ...rest }: { name?: string }) => ({ title: name, done: false, ...rest }) } }
const APPS: Readonly<Record<string, CollectionOptions<Bird>>> = {
  plain: {},
  schema: later,
  policy: { merge: BY_FIELDS },
  both: { ...later, merge: BY_FIELDS },
}

for (const [writer, written] of Object.entries(APPS)) {
  for (const [reader, read] of Object.entries(APPS)) {
    test(`what an app with ${writer} writes, one with ${reader} reads and writes over`, async () => {
      const here = await openFake({ collections: { birds: collection(written) } })
      const there = await openFake({ collections: { birds: collection(read) } })
      const hand = (): void => {
        for (const [key, record] of here.shell.records) there.shell.records.set(key, record)
        there.shell.emit({ kind: 'changed', collection: 'birds', ids: ['n'], cause: 'remote' })
      }
      const [birds, others] = [here.db.collection('birds'), there.db.collection('birds')]
      // The second write has sources where there is a policy.
      await birds.put('n', { title: 'Heron', done: true, likes: 1 })
      await birds.update('n', bird => ({ ...bird, likes: 2 }))
      hand()
      assert.deepEqual(others.peek('n')?.value, { title: 'Heron', done: true, likes: 2 })
      const text = here.shell.records.get('birds/n')?.versions[0]?.text ?? ''
      assert.equal(versionOf(text), 'version' in written ? 2 : 1)
      assert.equal(text.includes('\x1e'), 'merge' in written)
      await others.update('n', bird => ({ ...bird, title: 'Egret' }))
      assert.deepEqual(others.peek('n')?.value, { title: 'Egret', done: true, likes: 2 })
      const over = there.shell.records.get('birds/n')?.versions[0]?.text ?? ''
      assert.equal(versionOf(over), 'version' in read ? 2 : 1)
      assert.equal(over.includes('\x1e'), 'merge' in read)
    })
  }
}

test('versions of several schema versions are brought up to date before they merge', async () => {
  const { db, shell } = await openFake({ collections: { birds: collection<Bird>({ ...later, merge: BY_FIELDS }) } })
  const birds = db.collection('birds')
  shell.arrive('birds', [{ id: 'n', text: '{"name":"Heron","likes":1}', context: '' }], 'b')
  // An older app changes the name, and does not know of `done`.
  const older = { id: 'n', text: '{"name":"Grey heron","likes":1}\x1e[0,{"name":-1}]', context: 'b:1', references: ['b:1'] }
  await birds.update('n', bird => ({ ...bird, done: true, likes: 2 }))
  shell.arrive('birds', [older], 'c')
  const doc = birds.peek('n')
  assert.deepEqual(doc?.value, { title: 'Grey heron', done: true, likes: 2 })
  assert.deepEqual([doc.conflicted, doc.conflicts], [false, []])
  const settled = await birds.update('n', bird => ({ ...bird, likes: 3 }))
  assert.deepEqual([settled.value, settled.siblings.length], [{ title: 'Grey heron', done: true, likes: 3 }, 1])
  // Both change the name.
  await birds.update('n', bird => ({ ...bird, title: 'Egret' }))
  shell.arrive('birds', [{ id: 'n', text: '{"name":"Bittern"}\x1e[0,{"name":-1}]', context: 'b:1', references: ['b:1'] }], 'c')
  assert.deepEqual(birds.peek('n')?.conflicts, ['title'])
})

test('a field that a migration has made of nothing is in conflict with nobody', async () => {
  const { db, shell } = await openFake({ collections: { birds: collection<Bird>({ ...later, merge: 'fields' }) } })
  const birds = db.collection('birds')
  shell.arrive('birds', [{ id: 'n', text: '{"name":"Heron"}', context: '' }], 'b')
  // Here the title is changed, and there it is marked as done, both by apps of the new version.
  const other = await openFake({ collections: { birds: collection<Bird>({ ...later, merge: 'fields' }) } })
  for (const [key, record] of shell.records) other.shell.records.set(key, record)
  await other.db.collection('birds').update('n', bird => ({ ...bird, done: true }))
  await birds.update('n', bird => ({ ...bird, title: 'Egret' }))
  const [written] = other.shell.records.get('birds/n')?.versions ?? []
  shell.arrive('birds', [{ id: 'n', text: written?.text, context: 'b:1', references: written?.references ?? [] }], 'c')
  assert.deepEqual([birds.peek('n')?.value, birds.peek('n')?.conflicts], [{ title: 'Egret', done: true }, []])
})

test('the schema judges what the policy displays', async () => {
  const valid = collection<Bird>({ schema: z.object({ title: z.string(), likes: z.number().max(5) }), merge: BY_FIELDS })
  const app = await openFake({ collections: { birds: valid } })
  const birds = app.db.collection('birds')
  await birds.put('n', { title: 'Heron', likes: 3 })
  app.shell.arrive('birds', [{ id: 'n', text: '{"title":"Heron","likes":5}\x1e[0,{"likes":[[0,3]]}]', context: 'a:1', references: ['a:1'] }])
  assert.equal(birds.peek('n')?.issues, undefined)
  await birds.put('m', { title: 'Teal', likes: 3 })
  const { context } = (await birds.get('m')) ?? {}
  await birds.update('m', bird => ({ ...bird, likes: 5 }))
  app.shell.arrive('birds', [{ id: 'm', text: '{"title":"Teal","likes":5}\x1e[0,{"likes":[[0,3]]}]', context: context ?? '', references: ['a:2'] }])
  assert.equal(birds.peek('m')?.value.likes, 7)
  assert.deepEqual(birds.peek('m')?.issues?.map(({ path }) => path), [['likes']])
  assert.deepEqual(birds.invalid().snapshot().map(({ id }) => id), ['m'])
})

test('a record that is away is read before its fields are changed', async () => {
  const app = await birds(BY_FIELDS)
  await app.birds.put('n', { title: 'Heron', likes: 1 })
  for (const write of [
    () => app.birds.put('n', { title: 'Egret', likes: 2 }),
    () => app.db.batch(tx => { tx.birds.put('n', { title: 'Teal', likes: 2 }) }),
  ]) {
    app.shell.away.add('birds/n')
    app.shell.emit({ kind: 'changed', collection: 'birds', ids: ['n'], cause: 'remote' })
    await write()
    assert.ok(app.shell.records.get('birds/n')?.versions[0]?.text?.includes('\x1e'))
  }
})

test('additions that may be known here alone stay apart, and are folded where they are many', async () => {
  const app = await birds(BY_FIELDS)
  await app.birds.put('n', { title: 'Heron', likes: 1 })
  app.shell.acknowledge('birds', 'n')
  const likes = (): unknown => {
    const [text = ''] = (app.shell.records.get('birds/n')?.versions ?? []).map(version => version.text)
    return readSources(text).fields.get('likes')
  }
  for (const more of [10, 20, 30, 40]) await app.birds.update('n', bird => ({ ...bird, likes: (bird.likes ?? 0) + more }))
  assert.deepEqual(likes(), [[0, 1, 1], [1, 10], [2, 20], [3, 30]])
  for (let times = 0; times < 100; times += 1) await app.birds.update('n', bird => ({ ...bird, likes: (bird.likes ?? 0) + 1 }))
  const parts = likes() as readonly unknown[][]
  assert.equal(parts.length, 34)
  assert.deepEqual(parts.slice(0, 3), [[0, 1, 1], [1, 10 + 20 + 30 + 40 + 67, 1], [2, 1]])
  app.shell.acknowledge('birds', 'n')
  await app.birds.update('n', bird => ({ ...bird, title: 'Egret' }))
  assert.deepEqual(likes(), [[0, 201, 1]])
})

test('what was delivered before a copy took another name counts once, though later additions got that name', async () => {
  const app = await birds(BY_FIELDS)
  await app.birds.put('n', { title: 'Heron', likes: 1 })
  app.shell.acknowledge('birds', 'n')
  const written: { text: string | undefined; references: readonly string[] }[] = []
  for (const more of [10, 20, 30]) {
    await app.birds.update('n', bird => ({ ...bird, likes: (bird.likes ?? 0) + more }))
    written.push(...(app.shell.records.get('birds/n')?.versions ?? []).map(({ text, references }) => ({ text, references })))
  }
  const [first, second, third] = written
  const own = third?.references[0]?.split(':')[0] ?? ''
  const other = await birds(BY_FIELDS)
  other.shell.arrive('birds', [{ id: 'n', text: encode({ title: 'Heron', likes: 1 }), context: '' }], own)
  other.shell.arrive('birds', [{ id: 'n', ...first, text: first?.text, context: `${own}:1` }], own)
  // The original goes on, and somebody folds what it has added.
  const further = `${encode({ title: 'Heron', likes: 16 })}\x1e[-1,{"likes":[[0,1,1],[1,10]]}]`
  other.shell.arrive('birds', [{ id: 'n', text: further, references: [`${own}:1`, `${own}:2`], context: `${own}:2` }], own)
  other.shell.acknowledge('birds', 'n')
  await other.birds.update('n', bird => ({ ...bird, likes: (bird.likes ?? 0) + 1_000 }))
  // Only the first of the three was known elsewhere when the copy was found out.
  const renamed = (references: readonly string[] = []): string[] => {
    return references.map(dot => (Number(dot.split(':')[1]) > 2 ? `copy:${String(Number(dot.split(':')[1]) - 2)}` : dot))
  }
  other.shell.arrive('birds', [{ id: 'n', text: second?.text, references: renamed(second?.references), context: `${own}:2` }], 'copy')
  other.shell.arrive('birds', [{ id: 'n', text: third?.text, references: renamed(third?.references), context: `copy:1 ${own}:2` }], 'copy')
  assert.equal(other.birds.peek('n')?.siblings.length, 2)
  assert.equal(other.birds.peek('n')?.value.likes, 1 + 10 + 5 + 20 + 30 + 1_000)
})
