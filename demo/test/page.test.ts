// Claims of the page's small parts: the caret, the list's keys, the relay's address, the words of the sync.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SyncStatus } from 'eyot'
import { moveCaret } from '../src/page/caret.ts'
import { bytesText, countText, longTime, shortTime } from '../src/page/format.ts'
import { listStep } from '../src/page/keys.ts'
import { inSlices } from '../src/page/slices.ts'
import { syncUrl, whyNoRelay } from '../src/sync/relay-url.ts'
import { progressOf, syncWords } from '../src/sync/words.ts'

const carets: readonly (readonly [claim: string, before: string, after: string, caret: number, moved: number])[] = [
  ['a_caret_before_a_change_stays', 'heron at weir', 'heron at the weir', 3, 3],
  ['a_caret_behind_a_change_moves_along', 'heron at weir', 'heron at the weir', 13, 17],
  ['a_caret_behind_a_cut_moves_back', 'heron at the weir', 'heron at weir', 17, 13],
  ['a_caret_inside_a_change_goes_to_its_end', 'one two three', 'one 2 three', 6, 5],
  ['a_caret_survives_a_text_that_vanishes', 'one', '', 2, 0],
]
for (const [claim, before, after, caret, moved] of carets) {
  test(claim, () => assert.equal(moveCaret(before, after, caret), moved))
}

const urls: readonly (readonly [typed: string, page: string, url: string])[] = [
  ['', 'https://notes.example/#/note/1', 'wss://notes.example/v1/sync/field-notes'],
  ['', 'http://127.0.0.1:4180/', 'ws://127.0.0.1:4180/v1/sync/field-notes'],
  ['wss://relay.example/v1/sync', 'http://a.example/', 'wss://relay.example/v1/sync/field-notes'],
  [' https://relay.example ', 'http://a.example/', 'wss://relay.example/v1/sync/field-notes'],
  ['ws://relay.example/eu/v1/sync/', 'http://a.example/', 'ws://relay.example/eu/v1/sync/field-notes'],
]
for (const [typed, page, url] of urls) {
  test(`the_relay_of_"${typed}"_at_${page}`, () => assert.equal(syncUrl(typed, page), url))
}

test('an_address_that_is_none_is_explained', () => {
  for (const typed of ['relay', 'ftp://relay.example', 'wss://']) assert.ok(whyNoRelay(typed) !== undefined, typed)
  for (const typed of ['', 'ws://relay.example/v1/sync', 'https://relay.example']) assert.equal(whyNoRelay(typed), undefined)
})

const still: SyncStatus = {
  state: 'live',
  unsent: 0,
  received: 0,
  expected: 0,
  lastHeardAt: undefined,
  bytesIn: 0,
  bytesOut: 0,
  roundTrips: 0,
}

test('everything_is_sent_is_said_only_when_it_is', () => {
  assert.equal(syncWords(still, 0).detail, 'Everything is sent')
  assert.equal(syncWords({ ...still, state: 'offline' }, 0).detail, 'Notes are kept on this device')
  for (const state of ['off', 'offline', 'connecting', 'catching-up', 'live', 'waiting', 'elsewhere'] as const) {
    const words = syncWords({ ...still, state, unsent: 3, expected: 5 }, 0)
    assert.match(`${words.detail} ${words.unsent ?? ''}`, /3 changes not yet sent/, state)
  }
})

test('in_sync_is_said_only_when_both_sides_have_everything', () => {
  assert.equal(syncWords(still, 0).state, 'In sync')
  assert.equal(syncWords({ ...still, unsent: 1 }, 0).state, 'Sending')
  assert.equal(syncWords({ ...still, state: 'catching-up', received: 1, expected: 2 }, 0).state, 'Catching up')
  assert.equal(syncWords({ ...still, state: 'catching-up', unsent: 1, received: 2, expected: 2 }, 0).state, 'Sending')
})

test('a_wait_says_why_and_for_how_long', () => {
  const error = { code: 'unreachable', message: 'the relay cannot be reached', retryAt: 5400 }
  const { detail } = syncWords({ ...still, state: 'waiting', error }, 1000)
  assert.equal(detail, 'The relay cannot be reached. Trying again in 5 s.')
})

test('times_are_as_short_as_they_can_be', () => {
  const now = new Date(2026, 10, 23, 8, 5).getTime()
  const times: readonly (readonly [at: Date, text: string])[] = [
    [new Date(2026, 10, 23, 0, 0), '00:00'],
    [new Date(2026, 10, 22, 23, 59), 'Yesterday'],
    [new Date(2026, 10, 21, 8, 5), 'Saturday'],
    [new Date(2026, 10, 16, 8, 5), '16 Nov'],
    [new Date(2025, 11, 31, 8, 5), '31 Dec 2025'],
    [new Date(2026, 10, 24, 8, 5), '24 Nov'],
  ]
  for (const [at, text] of times) assert.equal(shortTime(at.getTime(), now), text)
  assert.equal(longTime(now), '23 Nov 2026, 08:05')
})

test('counts_and_sizes_are_readable', () => {
  assert.deepEqual([0, 999, 1000, 20000, 1234567].map(countText), ['0', '999', '1,000', '20,000', '1,234,567'])
  assert.deepEqual([12, 1843000, 62e8].map(bytesText), ['12 bytes', '1.8 MB', '6.2 GB'])
})

test('progress_is_shown_only_while_catching_up', () => {
  assert.equal(progressOf({ ...still, state: 'catching-up', received: 1, expected: 4 }), 0.25)
  assert.equal(progressOf({ ...still, state: 'catching-up', received: 9, expected: 4 }), 1)
  assert.equal(progressOf({ ...still, received: 1, expected: 4 }), undefined)
})

test('the_list_keys_stay_within_the_list', () => {
  assert.equal(listStep('j', -1, 3, 5), 0)
  assert.equal(listStep('ArrowUp', -1, 3, 5), 2)
  assert.equal(listStep('PageDown', 1, 3, 5), 2)
  assert.equal(listStep('k', 0, 3, 5), 0)
  assert.equal(listStep('j', 0, 0, 5), undefined)
  assert.equal(listStep('q', 0, 3, 5), undefined)
})

test('long_work_is_done_whole_and_in_order', async () => {
  const items = Array.from({ length: 5000 }, (_, index) => index)
  const seen: number[] = []
  let spin = 0
  assert.equal(await inSlices(items, (item) => { for (let i = 0; i < 5000; i += 1) spin += i; seen.push(item) }), true)
  assert.deepEqual(seen, items)
  assert.ok(spin > 0)
})

test('work_that_is_no_longer_wanted_stops', async () => {
  const endless = (function* () { for (;;) yield 0 })()
  assert.equal(await inSlices(endless, () => undefined, () => false), false)
})
