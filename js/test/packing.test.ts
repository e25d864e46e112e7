// What crosses the boundary is on the other side what it was on this one, whatever is in it.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { PackedDocs, packWrites, type Write } from '../src/packing.js'
import type { RawDoc } from '../src/shell.js'
import { packDocs, packRows, unpackWrites } from './packing.js'

const awkward = fc.constantFrom('\0', '\x01', '\x02', '\x01a', '\x01b', '\x01c', '"', '\\', '\n', '=', '😀', '\u2028')
const name = fc.array(fc.oneof(awkward, fc.string({ unit: 'binary', minLength: 1 })), { minLength: 1 }).map(parts => parts.join(''))

const write: fc.Arbitrary<Write> = fc.record(
  {
    collection: fc.constantFrom('notes', 'tags'),
    id: name,
    text: fc.option(fc.json(), { nil: undefined }),
    context: fc.option(fc.oneof(fc.constantFrom('', 'a:1', 'a:1 +b:2', 'a:1\x02b:1'), name), { nil: undefined }),
    references: fc.array(fc.constantFrom('a:1', 'b:17'), { maxLength: 3 }),
  },
  { noNullPrototype: true },
).map(made => (made.context === undefined ? { ...made, references: [] } : made))

const dot = fc.tuple(fc.constantFrom('a', '00112233445566778899aabbccddeeff'), fc.integer({ min: 1 })).map(parts => parts.join(':'))
const version = fc
  .record({
    text: fc.option(name, { nil: undefined }),
    at: fc.nat(),
    dots: fc.array(dot, { minLength: 1, maxLength: 3 }),
    references: fc.array(dot, { maxLength: 2 }),
    seen: fc.option(fc.array(fc.array(fc.nat(3), { maxLength: 2 }), { maxLength: 2 }), { nil: undefined }),
  })
    .map(({ text, at, dots, references, seen }) => {
    return { text, at, replica: dots[0]?.split(':')[0] ?? '', dots, references, seen: references.length === 0 ? undefined : seen }
  })
const doc: fc.Arbitrary<RawDoc> = fc
  .record({
    context: fc.option(fc.constantFrom('', 'a:1', 'a:4 +a:6'), { nil: undefined }),
    pending: fc.boolean(),
    versions: fc.array(version, { minLength: 1, maxLength: 3 }),
  })
  .map(({ context, pending, versions }) => ({
    // Nearly always it is what the only writer has written last.
    context: context ?? versions[0]?.dots.join(' ') ?? '',
    conflicted: versions.length > 1,
    pending,
    versions,
  }))

test('writes cross as they are', () => {
  fc.assert(
    fc.property(fc.array(write, { minLength: 1 }), writes => {
      assert.deepEqual(unpackWrites(packWrites(writes)), writes)
    }),
  )
})

test('records cross as they are, with ids or without', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(name, doc)), rows => {
      const packedRows = new PackedDocs(packRows(rows))
      for (const [id, expected] of rows) {
        assert.equal(packedRows.id(), id)
        assert.deepEqual(packedRows.doc(), expected)
      }
      assert.equal(packedRows.hasMore, false)
      const packedDocs = new PackedDocs(packDocs([undefined, ...rows.map(([, expected]) => expected)]))
      assert.equal(packedDocs.doc(), undefined)
      for (const [, expected] of rows) assert.deepEqual(packedDocs.doc(), expected)
      assert.equal(packedDocs.hasMore, false)
    }),
  )
})
