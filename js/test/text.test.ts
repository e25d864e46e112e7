// Shared texts: what is shown, what is stored, and what somebody who knows nothing of them does to them.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { collection } from '../src/definition.js'
import { Authors } from '../src/text/authors.js'
import { editsBetween, placeAfter } from '../src/text/edits.js'
import { isWellFormed } from '../src/names.js'
import { text } from '../src/text/index.js'
import { packBytes, unpackBytes } from '../src/text/packed-bytes.js'
import { SharedText, WHOLE } from '../src/text/shared-text.js'
import type { Merge } from '../src/types/merge.js'
import { undo } from '../src/undo/scope.js'
import { unpackWrites } from './packing.js'
import { openFake } from './setup.js'

interface Note {
  readonly title?: string
  readonly body?: string
}

const SHARED: Merge<Note> = { fields: { body: text() } }
const BODY = 'The heron stands in the reeds.'

async function begin(merge: Merge<Note> = SHARED) {
  const { db, shell } = await openFake({ collections: { notes: collection<Note>({ merge }) } })
  return { db, shell, notes: db.collection('notes') }
}

type Opened = Awaited<ReturnType<typeof begin>>

/** Another replica changes what it sees of the record; what it has written arrives when it is asked for. */
async function elsewhere({ shell }: Opened, change: (note: Note) => Note, merge: Merge<Note> = SHARED, from = 'b') {
  const other = await begin(merge)
  const record = shell.records.get('notes/n')
  if (record !== undefined) other.shell.records.set('notes/n', record)
  const written: ReturnType<typeof unpackWrites>[number][] = []
  other.shell.write = packed => {
    written.push(...unpackWrites(packed))
    return Promise.resolve(undefined)
  }
  await other.notes.update('n', change, { initial: {} })
  const [write] = written
  assert.ok(write !== undefined)
  const { context = '', references } = write
  return {
    text: write.text,
    arrive: (changed = write.text) => shell.arrive('notes', [{ id: 'n', text: changed, context, references }], from),
  }
}

function replaced({ body = '' }: Note, from: string, to: string): string {
  return body.replace(from, to)
}

function textOf({ shell }: Opened): string {
  return shell.records.get('notes/n')?.versions[0]?.text ?? ''
}

test('what two have changed in different places of a text is merged, and a write goes on from there', async () => {
  const app = await begin()
  await app.notes.put('n', { body: BODY })
  const other = await elsewhere(app, note => ({ ...note, body: replaced(note, 'heron', 'grey heron') }))
  await app.notes.update('n', note => ({ ...note, title: 'Birds', body: replaced(note, 'reeds', 'shallow water') }))
  other.arrive()
  const doc = app.notes.peek('n')
  assert.deepEqual(doc?.value, { body: 'The grey heron stands in the shallow water.', title: 'Birds' })
  assert.deepEqual([doc.conflicted, doc.conflicts, doc.siblings.length], [false, [], 2])
  const settled = await app.notes.update('n', note => ({ ...note, title: 'Heron' }))
  assert.deepEqual([settled.value, settled.siblings.length], [{ body: 'The grey heron stands in the shallow water.', title: 'Heron' }, 1])
})

test('what a form that was open for long has changed is merged with what arrived meanwhile', async () => {
  const app = await begin()
  await app.notes.put('n', { body: BODY })
  const opened = await app.notes.get('n')
  assert.ok(opened !== undefined)
  const { value, context } = opened
  await app.notes.update('n', note => ({ ...note, body: `${note.body ?? ''} It waits.` }))
  await app.notes.update('n', note => ({ ...note, body: `${note.body ?? ''} It strikes.` }))
  await app.notes.put('n', { ...value, body: replaced(value, 'The', 'A') }, { context })
  assert.equal(app.notes.peek('n')?.value.body, 'A heron stands in the reeds. It waits. It strikes.')
})

test('a text that was inserted as a whole has no state, and one that is left as it was keeps what it has', async () => {
  const app = await begin()
  await app.notes.put('n', { title: 'Heron', body: BODY })
  assert.equal(textOf(app), `${JSON.stringify({ title: 'Heron', body: BODY })}\x1e[-1,{"body":[[-1,0]]}]`)
  await app.notes.update('n', note => ({ ...note, title: 'Egret' }))
  assert.equal(textOf(app), `${JSON.stringify({ title: 'Egret', body: BODY })}\x1e[-1,{"body":[[0,0]]}]`)
})

test('a deletion of the field beside an edit of the text is a conflict, and beside an edit of something else it is not', async () => {
  const app = await begin()
  await app.notes.put('n', { title: 'Heron', body: BODY })
  const other = await elsewhere(app, ({ title }) => ({ title: title ?? '' }))
  await app.notes.update('n', note => ({ ...note, title: 'Egret' }))
  other.arrive()
  assert.deepEqual([app.notes.peek('n')?.value, app.notes.peek('n')?.conflicts], [{ title: 'Egret' }, []])
  const again = await begin()
  await again.notes.put('n', { body: BODY })
  const deletes = await elsewhere(again, () => ({}))
  await again.notes.update('n', note => ({ ...note, body: 'x' }))
  deletes.arrive()
  assert.deepEqual([again.notes.peek('n')?.value, again.notes.peek('n')?.conflicts], [{ body: 'x' }, ['body']])
})

test('two texts that were written before they were shared merge from where they began, and others are a conflict', async () => {
  const app = await begin()
  app.shell.arrive('notes', [{ id: 'n', text: JSON.stringify({ body: BODY }), context: '', references: [] }], 'old')
  const other = await elsewhere(app, note => ({ ...note, body: replaced(note, 'heron', 'egret') }))
  const unaware = await elsewhere(app, note => ({ ...note, body: `${note.body ?? ''}!` }), 'fields', 'c')
  await app.notes.update('n', note => ({ ...note, body: replaced(note, 'reeds', 'rain') }))
  other.arrive()
  assert.deepEqual([app.notes.peek('n')?.value.body, app.notes.peek('n')?.conflicts], ['The egret stands in the rain.', []])
  unaware.arrive()
  const doc = app.notes.peek('n')
  assert.deepEqual([doc?.conflicts, doc?.siblings.length], [['body'], 3])
  assert.ok([`${BODY}!`, 'The egret stands in the rain.'].includes(doc?.value.body ?? ''))
})

test('two texts of one record that was made in two places stand one behind the other', async () => {
  const app = await begin()
  const other = await elsewhere(app, () => ({ body: 'Rain. ' }))
  await app.notes.put('n', { body: 'Sun. ' })
  other.arrive()
  assert.ok(['Rain. Sun. ', 'Sun. Rain. '].includes(app.notes.peek('n')?.value.body ?? ''))
  assert.equal(app.notes.peek('n')?.conflicted, false)
})

test('an app without shared texts shows the plain text, and hands on the state of what it does not change', async () => {
  const app = await begin()
  await app.notes.put('n', { body: BODY })
  const mine = await elsewhere(app, note => ({ ...note, body: replaced(note, 'reeds', 'rain') }), SHARED, 'c')
  await app.notes.update('n', note => ({ ...note, body: `${note.body ?? ''} It waits.` }))
  const unaware = await elsewhere(app, note => ({ ...note, title: 'Heron' }), 'fields')
  unaware.arrive()
  mine.arrive()
  assert.deepEqual(app.notes.peek('n')?.value, { body: 'The heron stands in the rain. It waits.', title: 'Heron' })
  assert.equal(app.notes.peek('n')?.conflicted, false)
})

test('undoing a change of a text leaves what others have typed since', async () => {
  const app = await begin()
  const history = undo(app.db, { joinWithinMs: 0 })
  await app.notes.put('n', { body: BODY })
  await app.notes.update('n', note => ({ ...note, body: replaced(note, 'heron', 'little egret').replace('reeds', 'rain') }))
  const other = await elsewhere(app, note => ({ ...note, body: replaced(note, 'stands', 'stands still') }))
  other.arrive()
  assert.equal(app.notes.peek('n')?.value.body, 'The little egret stands still in the rain.')
  assert.deepEqual(await history.undo(), { changed: true, left: [] })
  assert.equal(app.notes.peek('n')?.value.body, 'The heron stands still in the reeds.')
  await history.redo()
  assert.equal(app.notes.peek('n')?.value.body, 'The little egret stands still in the rain.')
})

test('a value that is no text is refused', async () => {
  const app = await begin()
  await assert.rejects(app.notes.put('n', { body: 5 as never }), TypeError)
  await app.notes.put('n', { body: 'half \ud83d' })
  assert.equal(app.notes.peek('n')?.value.body, 'half \ufffd')
})

test('states that are none, or not all of one, are taken for a text that begins', async () => {
  const whole = SharedText.from(BODY, WHOLE)
  whole.change(`${BODY} It waits.`, new Authors())
  const { state } = whole
  const states = ['', '!', '~', 'AAAA', state.slice(0, -3), state.slice(0, 20), `${state}${state}`, packBytes(new Uint8Array(90).fill(255)), state.replace('heron', 'egret')]
  const bodies = states.map(bad => JSON.stringify([-1, { body: [[-1, bad]] }]))
  for (const sources of [...bodies, '[-1,{"body":[[-1,7]]}]', '[-1,{"body":[[-1,null]]}]', '[-1,{"body":[[-1]]}]']) {
    const app = await begin()
    await app.notes.put('n', { body: BODY })
    const other = await elsewhere(app, note => ({ ...note, title: 'Heron' }))
    await app.notes.update('n', note => ({ ...note, body: `Look: ${note.body ?? ''}` }))
    other.arrive(`${JSON.stringify({ body: `${BODY} It waits.` })}\x1e${sources}`)
    assert.equal(typeof app.notes.peek('n')?.value.body, 'string')
    const written = await app.notes.update('n', note => ({ ...note, body: `${note.body ?? ''}!` }))
    assert.match(written.value.body ?? '', /!$/)
  }
})

test('a name of an author goes on only where nothing that was inserted under it is missing', () => {
  const authors = new Authors()
  const first = authors.next(() => 0)
  authors.note(first, 5)
  assert.equal(authors.next(author => (author === first ? 5 : 0)), first)
  assert.notEqual(authors.next(author => (author === first ? 4 : 0)), first)
  assert.notEqual(authors.next(() => 0), first)
})

test('edits make the one text of the other, divide no pair of surrogates, and move places with what is around them', () => {
  const words = fc.array(fc.constantFrom('a', 'heron', ' ', '\n', '😀', '😁', 'é', 'ab'), { maxLength: 12 }).map(parts => parts.join(''))
  fc.assert(fc.property(words, words, fc.nat(40), (before, after, given) => {
    const edits = editsBetween(before, after)
    let made = before
    for (const { at, remove, insert } of edits.toReversed()) {
      assert.ok(isWellFormed(insert) && isWellFormed(before.slice(at, at + remove)))
      made = made.slice(0, at) + insert + made.slice(at + remove)
    }
    assert.equal(made, after)
    const moved = placeAfter(Math.min(given, before.length), edits)
    assert.ok(moved >= 0 && moved <= after.length)
  }), { numRuns: 2_000 })
  assert.deepEqual(editsBetween('one two three', 'one 2 three!'), [{ at: 4, remove: 3, insert: '2' }, { at: 13, remove: 0, insert: '!' }])
  assert.deepEqual([0, 3, 5, 9].map(place => placeAfter(place, [{ at: 3, remove: 3, insert: 'xxxx' }])), [0, 3, 5, 10])
})

test('bytes come back from their text as they were, in whichever form', () => {
  fc.assert(fc.property(fc.oneof(fc.uint8Array(), fc.string().map(given => new TextEncoder().encode(given))), bytes => {
    const packed = packBytes(bytes)
    assert.deepEqual(unpackBytes(packed), bytes)
    assert.ok(!packed.includes('\x1e') && JSON.stringify(packed).length <= 2 * packed.length + 2)
  }))
})
