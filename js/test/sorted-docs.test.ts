// The order of documents, however they are changed.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { makeDoc } from '../src/doc.js'
import { Merger } from '../src/merge/merger.js'
import { compareIds } from '../src/names.js'
import { SortedDocs } from '../src/sorted-docs.js'
import type { Doc } from '../src/types/doc.js'

const source = { collection: 'notes', shape: undefined, merger: new Merger(() => undefined) }

function doc(id: string): Doc<unknown> {
  const version = { text: '1', at: 1, replica: 'a', dots: ['a:1'], references: [], seen: undefined }
  return makeDoc(source, id, { context: 'a:1', conflicted: false, pending: false, versions: [version] }) as Doc<unknown>
}

const id = fc.oneof(fc.integer({ min: 0, max: 400 }).map(String), fc.constantFrom('\uffff', '🐦', 'é'))
const changes = fc.array(fc.tuple(id, fc.boolean()), { maxLength: 300 })

test('documents stay in the order of their ids, few changes at a time or many', () => {
  fc.assert(
    fc.property(fc.array(changes, { maxLength: 6 }), rounds => {
      const sorted = new SortedDocs()
      const model = new Map<string, Doc<unknown>>()
      for (const round of rounds) {
        const change = new Map(round.map(([changed, kept]) => [changed, kept ? doc(changed) : undefined]))
        const different = [...change].filter(([changed, now]) => model.get(changed) !== now).map(([changed]) => changed)
        for (const [changed, now] of change) {
          if (now === undefined) model.delete(changed)
          else model.set(changed, now)
        }
        assert.deepEqual([...sorted.apply(change)].sort(), different.sort())
        const expected = [...model].sort(([left], [right]) => compareIds(left, right)).map(([, now]) => now)
        assert.deepEqual(sorted.snapshot().map(now => now.id), expected.map(now => now.id))
        assert.ok(sorted.snapshot().every((now, index) => now === expected[index]))
      }
    }),
    { numRuns: 50 },
  )
})

test('what was handed out stays as it was', () => {
  const sorted = new SortedDocs()
  sorted.append([doc('a'), doc('c')])
  const before = sorted.snapshot()
  assert.equal(sorted.snapshot(), before)
  sorted.apply(new Map([['b', doc('b')], ['c', undefined]]))
  assert.deepEqual(before.map(now => now.id), ['a', 'c'])
  assert.deepEqual(sorted.snapshot().map(now => now.id), ['a', 'b'])
})
