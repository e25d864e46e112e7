// Claims of the list: what it asks for, what it knows of the answer, and what its rows and its search make of notes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Doc } from 'eyot'
import { matcher, question } from '../src/notes/filter.ts'
import { indexOf, nothingYet, rowAt, windowFor } from '../src/notes/listing.ts'
import { parseTags, readNote, sightingsOf, snippetOf, titleOf } from '../src/notes/note.ts'
import type { Note } from '../src/notes/note.ts'
import type { Row } from '../src/notes/row.ts'
import { rowOf } from '../src/notes/row.ts'

function row(id: string, at: number, value: Record<string, unknown> = {}): Row {
  return rowOf({ id, at, pending: false, conflicted: false, value: { title: id, text: '', tags: [], done: false, ...value } })
}

function doc(id: string): Doc<Note> {
  return { id, at: 0, pending: false, conflicted: false, value: { title: id, text: '', tags: [], done: false } } as unknown as Doc<Note>
}

test('whatever_is_in_view_is_asked_for_with_room_on_both_sides', () => {
  for (let first = 0; first < 1000; first += 7) {
    const { offset, limit } = windowFor(first, first + 20)
    assert.ok(offset <= Math.max(0, first - 50) && offset + limit >= first + 70, String(first))
  }
})

test('scrolling_by_a_row_asks_for_nothing_new', () => {
  const windows = new Set(Array.from({ length: 400 }, (_, first) => JSON.stringify(windowFor(first, first + 12))))
  assert.ok(windows.size < 12, String(windows.size))
})

test('a_row_is_found_by_its_place_and_its_place_by_the_note', () => {
  const listing = { total: 500, offset: 100, docs: [doc('a'), doc('b')], loaded: true }
  assert.equal(rowAt(listing, 101)?.id, 'b')
  assert.equal(rowAt(listing, 102), undefined)
  assert.equal(indexOf(listing, 'b'), 101)
  assert.equal(indexOf(listing, 'c'), -1)
  assert.equal(indexOf(listing, undefined), -1)
  assert.equal(rowAt(nothingYet, 0), undefined)
})

test('a_document_has_one_row', () => {
  const one = doc('a')
  assert.equal(rowOf(one), rowOf(one))
  assert.notEqual(rowOf(one), rowOf(doc('a')))
})

test('a_list_asks_for_what_it_shows', () => {
  assert.deepEqual(question('open', undefined), { where: { done: false }, orderBy: { createdAt: 'desc' } })
  assert.deepEqual(question('done', 'owl').where, { done: true, tags: { contains: 'owl' } })
  assert.deepEqual(question('all', undefined).where, {})
})

test('a_row_tells_when_the_note_was_begun_or_else_when_it_was_written', () => {
  assert.equal(row('1', 7, { createdAt: 3 }).at, 3)
  assert.equal(row('1', 7).at, 7)
})

test('what_nobody_has_counted_was_seen_by_nobody', () => {
  for (const value of [undefined, null, {}, { sightings: 'two' }, { sightings: -1 }, { sightings: 1.5 }]) assert.equal(sightingsOf(value), 0)
  assert.equal(sightingsOf({ sightings: 4 }), 4)
})

test('a_search_finds_words_without_case_and_accents_in_any_order', () => {
  const found = row('1', 1, { title: 'Búho real', text: 'At the Weir', tags: ['owl'] })
  for (const query of ['buho', 'WEIR búho', 'owl', '  ', 'rea wei']) {
    assert.ok(matcher(query)(found), query)
  }
  assert.ok(!matcher('buho egret')(found))
})

test('any_stored_value_reads_as_a_note', () => {
  for (const value of [null, undefined, 1, 'text', [], {}, { title: 3, tags: 'x', done: 'yes' }, { tags: [1, 'a'] }]) {
    const note = readNote(value)
    assert.equal(typeof note.title + typeof note.text + typeof note.done, 'stringstringboolean')
    assert.ok(note.tags.every((tag) => typeof tag === 'string'))
  }
})

test('a_value_that_cannot_be_read_is_still_listed', () => {
  const source = {
    id: '1',
    at: 1,
    pending: false,
    conflicted: false,
    get value(): unknown {
      throw new Error('written by something newer')
    },
  }
  assert.equal(rowOf(source).id, '1')
})

test('a_note_without_a_title_is_called_by_its_first_line', () => {
  const note = { title: ' ', text: '\nSand martins\nEleven of them', tags: [], done: false }
  assert.equal(titleOf(note), 'Sand martins')
  assert.equal(snippetOf(note), 'Eleven of them')
  assert.equal(titleOf({ ...note, text: '' }), 'Untitled note')
})

test('typed_tags_are_cleaned', () => {
  assert.deepEqual(parseTags(' Heron, #weir ,, river   bank,heron'), ['heron', 'weir', 'river bank'])
})
