// Claims of the merge by hand: its proposal loses nothing and says nothing twice.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { markDifferences } from '../src/notes/differences.ts'
import type { Doc, Sibling } from 'eyot'
import { mergeTexts, proposeFor, proposeMerge } from '../src/notes/merge.ts'
import type { Note } from '../src/notes/note.ts'
import { deletionOf, openFields, placeOf } from '../src/notes/versions.ts'

const merges: readonly (readonly [claim: string, a: string, b: string, merged: string])[] = [
  ['equal_texts_stand_once', 'one\ntwo', 'one\ntwo', 'one\ntwo'],
  ['lines_added_at_the_end_are_both_kept', 'one\ntwo', 'one\nthree', 'one\ntwo\nthree'],
  ['a_line_that_one_text_lacks_stays', 'one\ntwo\nthree', 'one\nthree', 'one\ntwo\nthree'],
  ['a_line_added_in_the_middle_stays_there', 'one\nthree', 'one\ntwo\nthree', 'one\ntwo\nthree'],
  ['an_empty_text_adds_nothing', '', 'one', 'one'],
  ['a_text_continued_by_the_other_becomes_the_longer_one', 'one', 'one\ntwo', 'one\ntwo'],
  ['a_last_line_break_is_kept', 'one\n', 'one\ntwo', 'one\ntwo\n'],
]

for (const [claim, a, b, merged] of merges) {
  test(claim, () => assert.equal(mergeTexts(a, b), merged))
}

test('a_merge_has_every_line_of_every_version', () => {
  const texts = ['a\nb\nc', 'a\nx\nc\nd', 'y\na\nc', '']
  const merged = proposeMerge(texts.map((text) => ({ title: '', text, tags: [], done: false }))).text.split('\n')
  for (const line of texts.flatMap((text) => text.split('\n'))) {
    if (line !== '') assert.ok(merged.includes(line), line)
  }
})

test('texts_with_nothing_in_common_are_kept_one_after_the_other', () => {
  const a = Array.from({ length: 3000 }, (_, line) => `a ${line}`).join('\n')
  const b = Array.from({ length: 3000 }, (_, line) => `b ${line}`).join('\n')
  const merged = mergeTexts(a, b)
  assert.ok(merged.includes(a) && merged.includes(b))
})

test('a_merge_is_done_only_if_every_version_is', () => {
  const note = { title: 'Heron', text: '', tags: ['a'], done: true }
  assert.equal(proposeMerge([note, { ...note, done: false }]).done, false)
  assert.equal(proposeMerge([note, note]).done, true)
  assert.deepEqual(proposeMerge([note, { ...note, title: 'Egret', tags: ['b', 'a'] }]), {
    title: 'Heron / Egret',
    text: '',
    tags: ['a', 'b'],
    done: true,
  })
})

test('a_title_within_another_is_not_said_twice', () => {
  const titled = (title: string): Parameters<typeof proposeMerge>[0][number] => ({ title, text: '', tags: [], done: false })
  assert.equal(proposeMerge([titled('Water level'), titled('Water level, Ham'), titled('')]).title, 'Water level, Ham')
  assert.equal(proposeMerge([titled(''), titled('')]).title, '')
})

test('marks_never_change_the_text', () => {
  for (const [text, other] of [
    ['heron at the weir', 'egret at the weir'],
    ['', 'something'],
    ['same', 'same'],
    [' two  spaces\n', 'two spaces'],
    ['x '.repeat(2000), 'y '.repeat(2000)],
  ] as const) {
    assert.equal(markDifferences(text, other).map((piece) => piece.text).join(''), text)
  }
})

test('only_what_the_other_text_lacks_is_marked', () => {
  const own = markDifferences('heron at the weir', 'egret at the weir').filter((piece) => piece.own)
  assert.deepEqual(own.map((piece) => piece.text), ['heron'])
})

function conflict(shown: Note, versions: readonly (Note | undefined)[], conflicts: readonly string[]): Doc<Note> {
  const siblings = versions.map((value, index) => ({ value, deleted: value === undefined, replica: `r${index}`, version: `r${index}:1` }))
  return { value: shown, conflicts, siblings: siblings as unknown as readonly Sibling<Note>[] } as unknown as Doc<Note>
}

test('a_proposal_leaves_alone_what_has_merged', () => {
  const note = { title: 'Heron', text: 'one', tags: ['a'], done: true }
  const shown = { ...note, tags: ['a', 'b'], title: 'Egret' }
  const doc = conflict(shown, [{ ...note, title: 'Egret' }, { ...note, text: 'two', done: false }], ['text'])
  assert.deepEqual(proposeFor(doc), { ...shown, text: 'one\ntwo' })
})

test('a_field_that_is_open_has_every_value_once', () => {
  const note = { title: 'Heron', text: 'one', tags: [], done: false }
  const doc = conflict(note, [note, { ...note, text: 'two' }, { ...note, title: 'Egret' }, undefined], ['text'])
  const [field, ...others] = openFields(doc)
  assert.deepEqual(others, [])
  assert.equal(field?.label, 'Text')
  assert.deepEqual(field.alternatives.map(({ text, version }) => [text, version.replica]), [['one', 'r0'], ['two', 'r1']])
  assert.equal(deletionOf(doc)?.replica, 'r3')
})

test('a_place_is_named_only_as_far_as_it_is_known', () => {
  assert.equal(placeOf('abcdef', 'abcdef'), 'This device')
  assert.equal(placeOf('abcdef', '123456'), 'Another device')
  assert.equal(placeOf('abcdef', ''), 'Device abcd')
})
