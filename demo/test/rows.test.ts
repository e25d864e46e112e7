// Claims of the list: applying changes gives what sorting everything anew would give, and filters show what they say.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matcher } from '../src/notes/filter.ts'
import { parseTags, readNote, snippetOf, titleOf } from '../src/notes/note.ts'
import type { Row } from '../src/notes/row.ts'
import { makeRow } from '../src/notes/row.ts'
import { compareRows, Rows } from '../src/notes/rows.ts'

function row(id: string, at: number, value: Record<string, unknown> = {}, marks: Partial<Row> = {}): Row {
  const { unsent = false, conflicted = false } = marks
  return makeRow({ id, at, pending: unsent, conflicted, value: { title: id, text: '', tags: [], done: false, ...value } })
}

/** A small generator of numbers that gives the same ones in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

test('applied_changes_equal_a_fresh_sort', () => {
  const next = numbers(7)
  const rows = new Rows()
  const model = new Map<string, Row>()
  for (let round = 0; round < 300; round += 1) {
    const ids = new Set(Array.from({ length: next(6) }, () => `n${next(40)}`))
    const changes = [...ids].map((id) => ({
      id,
      row: next(4) === 0 ? undefined : row(id, next(20), { done: next(2) === 0, tags: next(2) === 0 ? ['a', 'b'] : ['a'] }),
    }))
    for (const change of changes) {
      if (change.row === undefined) model.delete(change.id)
      else model.set(change.id, change.row)
    }
    rows.apply(changes)
    const expected = [...model.values()].sort(compareRows)
    assert.deepEqual(rows.sorted, expected)
    assert.equal(rows.counts.done, expected.filter((one) => one.done).length)
    assert.deepEqual(new Map(rows.tags()).get('b') ?? 0, expected.filter((one) => one.tags.includes('b')).length)
  }
})

test('every_device_lists_the_same_order', () => {
  assert.ok(compareRows(row('a', 2), row('b', 1)) < 0)
  assert.ok(compareRows(row('a', 1), row('b', 1)) < 0)
  assert.equal(compareRows(row('a', 1), row('a', 1)), 0)
})

test('a_search_finds_words_without_case_and_accents_in_any_order', () => {
  const found = row('1', 1, { title: 'Búho real', text: 'At the Weir', tags: ['owl'] })
  for (const query of ['buho', 'WEIR búho', 'owl', '  ', 'rea wei']) {
    assert.ok(matcher({ show: 'all', tag: undefined, query })(found), query)
  }
  assert.ok(!matcher({ show: 'all', tag: undefined, query: 'buho egret' })(found))
})

test('a_note_in_conflict_is_never_hidden_as_done', () => {
  const done = row('1', 1, { done: true }, { conflicted: true })
  assert.ok(matcher({ show: 'open', tag: undefined, query: '' })(done))
  assert.ok(matcher({ show: 'conflicts', tag: undefined, query: '' })(done))
  assert.ok(!matcher({ show: 'open', tag: undefined, query: '' })(row('2', 1, { done: true })))
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
  assert.equal(makeRow(source).id, '1')
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
