// The ledger itself: it finds what is lost, and finds nothing where all is well.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ledger, victim, witness } from './ledger.mjs'

const write = (name, version, seen = {}) => ({ id: 'n1', version, name, seen })
const record = (...siblings) => [{ id: 'n1', siblings }]

test('a_write_that_stands_or_was_replaced_is_not_lost', () => {
  const ledger = new Ledger()
  const second = write('page-2', 'a:2', { page: 1 })
  ledger.take(victim, 'acknowledged', [write('page-1', 'a:1'), second])
  assert.deepEqual(ledger.breaches(victim, record(second)), [])
  assert.deepEqual(ledger.breaches(victim, record(write('other-1', 'b:1', { page: 2 }))), [])
  assert.deepEqual(ledger.breaches(victim, record(write('other-9', 'b:9', { page: 7, other: 8 }))), [], 'what came between is unknown')
})

test('a_write_that_neither_stands_nor_was_replaced_is_lost', () => {
  const ledger = new Ledger()
  ledger.take(victim, 'acknowledged', [write('page-1', 'a:1')])
  assert.deepEqual(ledger.breaches(victim, []), ['n1: page-1 is lost at the victim'])
  assert.deepEqual(ledger.breaches(victim, record(write('other-1', 'b:1'))), ['n1: page-1 is lost at the victim'])
  assert.deepEqual(ledger.breaches(witness, []), [], 'it was not promised there')
})

test('a_write_that_replaced_another_one_must_itself_be_there', () => {
  const ledger = new Ledger()
  ledger.take(victim, 'acknowledged', [write('page-1', 'a:1'), write('page-2', 'a:2', { page: 1 })])
  assert.deepEqual(ledger.breaches(victim, record(write('page-1', 'a:1'))), ['n1: page-2 is lost at the victim'])
})

test('both_siblings_must_be_there', () => {
  const ledger = new Ledger()
  ledger.take(victim, 'acknowledged', [write('page-1', 'a:1')])
  ledger.take(victim, 'arrived', [write('other-1', 'b:1')])
  assert.deepEqual(ledger.breaches(victim, record(write('page-1', 'a:1'))), ['n1: other-1 is lost at the victim'])
})

test('a_dot_with_two_contents_is_found_wherever_they_show', () => {
  const ledger = new Ledger()
  ledger.take(witness, 'arrived', [write('page-1', 'a:1')])
  const breaches = ledger.breaches(victim, record(write('other-1', 'a:1')))
  assert.deepEqual(breaches, ['a:1 is other-1 at the victim, and was page-1'])
})

test('what_was_saved_must_be_at_the_witness', () => {
  const ledger = new Ledger()
  ledger.take(victim, 'acknowledged', [write('page-1', 'a:1')])
  ledger.take(victim, 'saved', [{ id: 'n1', name: 'page-1' }])
  assert.equal(ledger.hasSaved([]), false)
  assert.equal(ledger.hasSaved(record(write('other-1', 'b:1', { page: 1 }))), true)
})
