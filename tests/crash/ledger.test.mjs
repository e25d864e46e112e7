// The ledger itself: it finds what is lost, and finds nothing where all is well.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ledger, victim, witness } from './ledger.mjs'

const write = (name, version, replaces = []) => ({ id: 'n1', version, name, replaces })
const record = (...siblings) => [{ id: 'n1', siblings }]

test('a_write_that_stands_or_was_replaced_is_not_lost', () => {
  const ledger = new Ledger()
  ledger.take(victim, 'acknowledged', [write('one', 'a:1'), write('two', 'a:2', ['one'])])
  assert.deepEqual(ledger.breaches(victim, record(write('two', 'a:2', ['one']))), [])
  assert.deepEqual(ledger.breaches(victim, record(write('three', 'b:1', ['two']))), [])
})

test('a_write_that_neither_stands_nor_was_replaced_is_lost', () => {
  const ledger = new Ledger()
  ledger.take(victim, 'acknowledged', [write('one', 'a:1')])
  assert.deepEqual(ledger.breaches(victim, []), ['n1: one is lost at the victim'])
  assert.deepEqual(ledger.breaches(victim, record(write('other', 'b:1'))), ['n1: one is lost at the victim'])
  assert.deepEqual(ledger.breaches(witness, []), [], 'it was not promised there')
})

test('a_write_that_replaced_another_one_must_itself_be_there', () => {
  const ledger = new Ledger()
  ledger.take(victim, 'acknowledged', [write('one', 'a:1'), write('two', 'a:2', ['one'])])
  assert.deepEqual(ledger.breaches(victim, record(write('one', 'a:1'))), ['n1: two is lost at the victim'])
})

test('a_dot_with_two_contents_is_found_wherever_they_show', () => {
  const ledger = new Ledger()
  ledger.take(witness, 'arrived', [write('one', 'a:1')])
  const breaches = ledger.breaches(victim, record(write('other', 'a:1')))
  assert.deepEqual(breaches, ['a:1 is other at the victim, and was one'])
})

test('what_was_saved_must_be_at_the_witness', () => {
  const ledger = new Ledger()
  ledger.take(victim, 'acknowledged', [write('one', 'a:1')])
  ledger.take(victim, 'saved', ['one'])
  assert.equal(ledger.hasSaved([]), false)
  assert.equal(ledger.hasSaved(record(write('two', 'b:1', ['one']))), true)
})
