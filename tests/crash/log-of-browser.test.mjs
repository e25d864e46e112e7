// What is read of Chromium's own log: where it is torn, and where it is not.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endOfRecords, isTorn, kinds } from './log-of-browser.mjs'

const blockBytes = 32_768

function piece(kind, length, written = length) {
  const header = Buffer.alloc(7)
  header.writeUInt16LE(length, 4)
  header[6] = kind
  return Buffer.concat([header, Buffer.alloc(written, 120)])
}

const { full, first, last } = kinds
const filling = piece(full, blockBytes - 7 - 3)

const cases = [
  ['an_empty_log_is_whole', [], 0, false],
  ['whole_records_are_whole', [piece(full, 5), piece(full, 0)], 19, false],
  ['a_header_alone_is_torn', [piece(full, 5), piece(full, 200, 0)], 12, true],
  ['a_part_of_a_header_is_torn', [piece(full, 5), Buffer.from([9, 9])], 12, true],
  ['a_record_in_pieces_is_whole', [piece(first, 5), piece(last, 5)], 24, false],
  ['a_record_without_its_last_piece_is_torn', [piece(full, 5), piece(first, 5)], 12, true],
  ['the_filling_at_the_end_of_a_block_is_no_record', [filling, Buffer.alloc(3), piece(full, 5)], blockBytes + 12, false],
  ['the_filling_alone_is_not_torn', [filling, Buffer.alloc(3)], blockBytes - 3, false],
]

for (const [name, pieces, end, torn] of cases) {
  test(name, () => {
    const bytes = Buffer.concat(pieces)
    assert.deepEqual([endOfRecords(bytes), isTorn(bytes)], [end, torn])
  })
}
