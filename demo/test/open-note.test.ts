// Claims of the open note: it saves by itself, and nothing that arrives meanwhile is swallowed or pulls the text away.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepVersion, saveMerge } from '../src/notes/actions.ts'
import type { Note } from '../src/notes/note.ts'
import { OpenNote } from '../src/notes/open-note.ts'
import { FakeNotes } from './fake-notes.ts'

function note(text: string): Note {
  return { title: '', text, tags: [], done: false }
}

async function opened(text?: string): Promise<{ notes: FakeNotes; open: OpenNote }> {
  const notes = new FakeNotes()
  if (text !== undefined) await notes.put('n', note(text), { context: '' })
  return { notes, open: new OpenNote(notes.collection, 'n') }
}

test('what_is_typed_is_saved_without_being_asked', async () => {
  const { notes, open } = await opened()
  open.change({ text: 'heron' })
  assert.equal(open.saveState.value, 'editing')
  await open.close()
  assert.deepEqual(notes.values, ['heron'])
  assert.equal(open.saveState.value, 'saved')
})

test('a_new_note_in_which_nothing_stands_is_not_kept', async () => {
  const { notes, open } = await opened()
  open.change({ text: 'h' })
  open.change({ text: '' })
  await open.close()
  assert.deepEqual(notes.values, [])
})

test('a_change_from_elsewhere_shows_when_nothing_is_unsaved', async () => {
  const { notes, open } = await opened('heron')
  notes.remote(note('egret'))
  assert.equal(open.draft.value.text, 'egret')
})

test('a_save_does_not_swallow_what_arrived_while_typing', async () => {
  const { notes, open } = await opened('heron')
  open.change({ text: 'heron at dawn' })
  notes.remote(note('egret'))
  assert.equal(open.draft.value.text, 'heron at dawn')
  await open.flush()
  assert.deepEqual(notes.values, ['egret', 'heron at dawn'])
})

test('nor_does_one_save_after_another', async () => {
  const { notes, open } = await opened('heron')
  for (const text of ['heron 1', 'heron 2', 'heron 3']) {
    open.change({ text })
    if (text === 'heron 1') notes.remote(note('egret'))
    await open.flush()
  }
  assert.deepEqual(notes.values, ['egret', 'heron 3'])
})

test('what_arrives_while_a_save_is_on_its_way_stays', async () => {
  const { notes, open } = await opened('heron')
  const before = notes.peek()?.context
  const endDisk = notes.holdDisk()
  open.change({ text: 'heron at dawn' })
  const saving = open.flush()
  notes.remote(note('egret'), before)
  open.change({ text: 'heron at dusk' })
  endDisk()
  await saving
  await open.flush()
  assert.deepEqual(notes.values, ['egret', 'heron at dusk'])
})

test('the_text_is_not_pulled_away_from_someone_who_writes', async () => {
  const { notes, open } = await opened('heron')
  const before = notes.peek()?.context
  open.change({ text: 'heron at dawn' })
  await open.flush()
  notes.remote(note('egret'), before)
  assert.equal(open.shown.value, 'fields')
  assert.equal(open.draft.value.text, 'heron at dawn')
  await open.release()
  assert.equal(open.shown.value, 'conflict')
})

test('a_note_deleted_elsewhere_while_typing_is_a_conflict_and_not_lost', async () => {
  const { notes, open } = await opened('heron')
  open.change({ text: 'heron at dawn' })
  notes.remote(undefined)
  await open.flush()
  assert.deepEqual(notes.values, ['heron at dawn', undefined])
  await open.release()
  assert.equal(open.shown.value, 'conflict')
})

test('a_note_deleted_elsewhere_while_it_is_only_read_says_so', async () => {
  const { notes, open } = await opened('heron')
  notes.remote(undefined)
  assert.equal(open.shown.value, 'gone')
  assert.equal(open.draft.value.text, 'heron')
})

test('a_failed_save_keeps_the_text_and_is_tried_again', async () => {
  const { notes, open } = await opened('heron')
  notes.failure = new Error('no room')
  open.change({ text: 'heron at dawn' })
  await open.flush()
  assert.equal(open.saveState.value, 'failed')
  assert.equal(open.problem.value, 'no room')
  notes.remote(note('egret'))
  assert.equal(open.draft.value.text, 'heron at dawn')
  notes.failure = undefined
  await open.flush()
  assert.deepEqual(notes.values, ['egret', 'heron at dawn'])
})

test('properties_of_a_newer_version_are_written_back', async () => {
  const { notes, open } = await opened()
  notes.remote({ ...note('heron'), place: 'weir' } as Note)
  open.change({ text: 'egret' })
  await open.flush()
  assert.deepEqual(notes.peek()?.value, { ...note('egret'), place: 'weir' })
})

test('keeping_a_version_resolves_what_was_shown_and_nothing_else', async () => {
  const { notes, open } = await opened('heron')
  const before = notes.peek()?.context
  notes.remote(note('egret'))
  notes.remote(note('stork'), before)
  const shown = open.doc.value
  assert.ok(shown?.siblings[1])
  notes.remote(note('crane'), before)
  await keepVersion(notes.collection, shown, shown.siblings[1])
  assert.deepEqual(notes.values, ['crane', 'egret'])
})

test('a_merge_does_not_swallow_what_arrived_while_merging', async () => {
  const { notes, open } = await opened('heron')
  const before = notes.peek()?.context
  notes.remote(note('egret'))
  notes.remote(note('stork'), before)
  const seen = open.doc.value
  assert.ok(seen)
  notes.remote(note('crane'), before)
  await saveMerge(notes.collection, seen, note('egret and stork'))
  assert.deepEqual(notes.values, ['crane', 'egret and stork'])
})

test('a_new_note_tells_when_it_was_begun_and_an_old_one_does_not', async () => {
  const fresh = await opened()
  fresh.open.change({ text: 'heron' })
  await fresh.open.flush()
  const begun = fresh.notes.peek()?.value.createdAt
  assert.ok(typeof begun === 'number')
  fresh.open.change({ text: 'egret' })
  await fresh.open.flush()
  assert.equal(fresh.notes.peek()?.value.createdAt, begun)
  const old = await opened('heron')
  old.open.change({ text: 'egret' })
  await old.open.flush()
  assert.deepEqual(old.notes.peek()?.value, note('egret'))
})
