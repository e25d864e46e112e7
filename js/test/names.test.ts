// What may be an id or a name, and the order of ids.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { checkId, checkName, compareIds, isWellFormed } from '../src/names.js'
import { newId } from '../src/new-id.js'

test('ids are text of 1 to 512 bytes in UTF-8', () => {
  for (const good of ['a', ' ', 'a/b', 'é'.repeat(256), '漢'.repeat(170), '🐦'.repeat(128)]) checkId(good)
  for (const bad of ['', 'x'.repeat(513), 'é'.repeat(257), '漢'.repeat(171), '🐦'.repeat(129), '\ud800', '\udc00a', 'a\ud83d']) {
    assert.throws(() => checkId(bad), { name: 'TypeError', message: /^id / }, bad)
  }
  for (const bad of [undefined, null, 5, {}, ['a']]) assert.throws(() => checkId(bad), TypeError)
})

test('names are 1 to 64 of a-z, 0-9, _ and -', () => {
  for (const good of ['a', 'field-notes_2', 'x'.repeat(64)]) checkName('name', good)
  for (const bad of ['', 'A', 'a/b', 'a b', 'ü', 'x'.repeat(65), 5, undefined]) {
    assert.throws(() => checkName('name', bad), TypeError)
  }
})

const anyText = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd7fe, max: 0xe001 })), { maxLength: 6 })
  .map(units => String.fromCharCode(...units))

test('text is well-formed exactly when it survives UTF-8', () => {
  fc.assert(fc.property(anyText, text => {
    assert.equal(isWellFormed(text), Buffer.from(text).toString() === text)
  }))
})

test('ids are ordered like their bytes in UTF-8', () => {
  const id = fc.string({ unit: fc.constantFrom('a', 'é', '\uffff', '\ue000', '\ud7ff', '🐦', '\u{10ffff}'), maxLength: 4 })
  fc.assert(fc.property(id, id, (left, right) => {
    const bytes = Buffer.compare(Buffer.from(left), Buffer.from(right))
    assert.equal(Math.sign(compareIds(left, right)), bytes)
  }))
})

test('new ids sort in the order of their making', () => {
  const ids = Array.from({ length: 10_000 }, () => newId())
  assert.deepEqual([...ids].sort(), ids)
  assert.equal(new Set(ids).size, ids.length)
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})
