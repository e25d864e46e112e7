// What applications and other replicas hand over can be anything: it is taken exactly, or refused with a reason. Three
// hundred runs of each property, always the same; `EYOT_FUZZ_SECONDS` makes it as many others as that time allows.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { decode } from '../src/decode.js'
import { encode } from '../src/encode.js'
import { EyotError } from '../src/errors.js'
import type { Collection } from '../src/types/collection.js'
import { everyKind } from './every-kind.js'
import { openFake } from './setup.js'

const PROPERTIES = 5
const seconds = Number(process.env.EYOT_FUZZ_SECONDS ?? '0')
const settings =
  seconds > 0
    ? { numRuns: Number.MAX_SAFE_INTEGER, plugins: [fc.interruptAfterTimeLimit((seconds * 1000) / PROPERTIES)] }
    : { numRuns: 300, seed: 1 }

/** Asks a property as often as was asked for, and says how often where that was by time. */
async function ask<Values>(name: string, property: fc.IAsyncProperty<Values>): Promise<void> {
  const details = await fc.check(property, settings)
  if (details.failed) throw new Error(fc.defaultReportMessage(details))
  if (seconds > 0) console.log(`${name}: ${String(details.numRuns)} runs`)
}

const names = fc.oneof(
  fc.constantFrom('~', '__proto__', 'constructor', 'prototype', 'toJSON', 'then', 'length', '0', ''),
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0xd7f0, max: 0xe010 }), { maxLength: 3 }).map(units => String.fromCharCode(...units)),
)

// Parts of texts that a decoder of ours could be led astray by.
const fragments = fc.oneof(
  fc.constantFrom('~', '{', '}', '[', ']', ',', ':', '"~"', '"', '\\ud800', '-0', '1e400', 'null', 'true', '\u2028'),
  fc.constantFrom('{"~":["n","', '{"~":["d",', '{"~":["u","', '{"~":["o",', '{"~":["z"]}', '"__proto__":', '"toJSON":'),
  fc.integer().map(String),
  names.map(name => JSON.stringify(name)),
)
const texts = fc.oneof(
  fc.json().chain(text => fc.constantFrom(text, `~${text}`)),
  fc.array(fragments, { maxLength: 30 }).map(parts => parts.join('')),
  fc.array(fragments, { maxLength: 30 }).map(parts => `~${parts.join('')}`),
  fc.integer({ min: 1, max: 300 }).map(depth => `${'['.repeat(depth)}1${']'.repeat(depth)}`),
  fc.integer({ min: 1, max: 300 }).map(depth => `~${'{"a":'.repeat(depth)}{"~":["z"]}${'}'.repeat(depth)}`),
)

const anything = fc.anything({ key: names, ...everyKind })

// What an application's own object throws, the application gets.
const ownError = new RangeError('no')

/** How a value comes about: a run that fails is printed, and what answers as it likes cannot be. */
interface Recipe {
  readonly parts: readonly unknown[]
  readonly how: 'plain' | 'list' | 'throw' | 'change' | 'answer' | 'function'
}

const recipes: fc.Arbitrary<Recipe> = fc.record({
  parts: fc.tuple(anything, fc.oneof(anything, fc.constant(undefined))),
  how: fc.constantFrom('plain', 'plain', 'plain', 'list', 'throw', 'change', 'answer', 'function'),
})

/** Plain values, and objects that answer as they like: they throw, say something else each time, or know everything. */
function make({ parts: [one, other], how }: Recipe): unknown {
  if (how === 'plain') return one
  const target = typeof one === 'object' && one !== null ? one : { part: one }
  let asked = 0
  const liar = new Proxy(target, {
    get(on, key): unknown {
      asked += 1
      // An invariant of proxies: what cannot change is told as it is.
      const property = Reflect.getOwnPropertyDescriptor(on, key)
      if (property?.configurable === false) return Reflect.get(on, key)
      if (how === 'throw' && asked > 1) throw ownError
      if (how === 'answer') return other
      if (how === 'function') return () => other
      return asked % 2 === 0 ? other : Reflect.get(on, key)
    },
  })
  return how === 'list' ? [one, liar] : liar
}

const ids = fc.oneof(fc.constantFrom('n1', 'n2'), anything)

function assertFrozen(value: unknown): void {
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) return
  assert.ok(Object.isFrozen(value))
  for (const part of Object.values(value)) assertFrozen(part)
}

const untouched = Object.getOwnPropertyNames(Object.prototype).join()

/** Nothing that is decoded or stored reaches what all objects share. */
function assertNobodyPolluted(): void {
  assert.equal(Object.getOwnPropertyNames(Object.prototype).join(), untouched)
}

function isRefusal(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof EyotError && error.code !== 'internal')
}

// The engine's errors have a code before the facade makes them its own.
function hasCode(error: unknown): boolean {
  return typeof (error as { code?: unknown } | undefined)?.code === 'string'
}

test('any text is decoded to a frozen value that can be written again, or refused', async () => {
  await ask(
    'texts',
    fc.asyncProperty(texts, async text => {
      await Promise.resolve()
      let value: unknown
      try {
        value = decode(text)
      } catch (error) {
        assert.ok(error instanceof Error)
        return
      }
      assertFrozen(value)
      assert.deepStrictEqual(decode(encode(value)), value)
      assertNobodyPolluted()
    }),
  )
})

test('any value is encoded to a text that says the same, or refused with a TypeError', async () => {
  await ask(
    'values',
    fc.asyncProperty(recipes, async recipe => {
      await Promise.resolve()
      const value = make(recipe)
      let text: unknown
      try {
        text = encode(value)
      } catch (error) {
        assert.ok(error instanceof TypeError)
        return
      }
      assert.equal(typeof text, 'string')
      // Also of what says something else when it is read again: what it said first is a value like any other.
      assert.equal(encode(decode(text as string)), text)
      assertNobodyPolluted()
    }),
  )
})

test('what another replica wrote never keeps the rest from being read', async () => {
  await ask(
    'records of others',
    fc.asyncProperty(fc.array(texts, { minLength: 1, maxLength: 4 }), async written => {
      const { db, shell } = await openFake()
      const notes = db.collection('notes')
      let heard = 0
      notes.subscribe(() => {
        heard += 1
      })
      await notes.put('n1', { mine: 1 })
      shell.arrive('notes', written.map(text => ({ id: 'n1', text, context: '' })))
      const doc = notes.peek('n1')
      assert.ok(doc !== undefined && heard > 0)
      let mine = 0
      for (const sibling of doc.siblings) {
        try {
          assertFrozen(sibling.value)
          mine += Number(JSON.stringify(sibling.value) === '{"mine":1}')
        } catch (error) {
          assert.ok(error instanceof EyotError && error.code === 'unreadable-value')
        }
      }
      assert.ok(mine >= 1)
      await db.close()
    }),
  )
})

test('a write of anything is stored as it is, or refused and leaves nothing', async () => {
  await ask(
    'writes',
    fc.asyncProperty(ids, recipes, fc.option(recipes, { nil: undefined }), async (id, value, options) => {
      const { db, shell } = await openFake()
      const notes: Collection<unknown> = db.collection('notes')
      await notes.put('n1', 'before')
      try {
        const doc = await notes.put(id as string, make(value), options && (make(options) as object))
        assert.equal(typeof doc.id, 'string')
        // It was a write, and no deletion in disguise.
        assert.ok(!doc.deleted)
        assertFrozen(doc.value)
      } catch (error) {
        assert.ok(isRefusal(error) || error === ownError || hasCode(error), String(error))
        assert.equal(shell.records.size, 1)
        assert.equal(notes.peek('n1')?.value, 'before')
      }
      await db.close()
      assertNobodyPolluted()
    }),
  )
})

test('every other question may be asked with anything', async () => {
  await ask(
    'questions',
    fc.asyncProperty(recipes, recipes, async (first, second) => {
      const [one, other] = [make(first), make(second)]
      const { db } = await openFake()
      const notes: Collection<unknown> = db.collection('notes')
      await notes.put('n1', { title: 'Heron' })
      const questions: (() => unknown)[] = [
        () => db.collection(one as 'notes'),
        () => notes.get(one as string),
        () => notes.peek(one as string),
        () => notes.list(one as object),
        () => notes.delete(one as string, other as object),
        () => notes.update(one as string, () => other),
        () => notes.update('n1', () => other),
        () => db.until(one as never),
        () => db.batch(tx => tx.notes?.put(one as string, other)),
      ]
      for (const question of questions) {
        // Not awaited as it is: an answer with a `then` of its own would be asked for it.
        try {
          const answer = question()
          if (answer instanceof Promise) await Promise.race([answer, new Promise(resolve => setImmediate(resolve))])
        } catch (error) {
          assert.ok(isRefusal(error) || error === ownError || hasCode(error), String(error))
        }
      }
      await db.close()
    }),
  )
})

test('what the fuzzer has found is refused', () => {
  // Numbers that JSON can say and that are none, and names that are no UTF-8: a value of them could not be written again.
  for (const text of ['1e400', '[-1e400]', '~{"a":1e400}', '{"\\ud800":1}', '~{"\\uDFFF":{"~":["z"]}}']) {
    assert.throws(() => decode(text), text)
  }
  assert.deepStrictEqual(decode('{"\\ud83d\\ude00":"\\ud800"}'), { '\u{1f600}': '\ud800' })
  // No text is a deletion, and a write is none: each part is asked for once, so what is stored is what was checked.
  const nothing = new Proxy({}, { get: () => () => undefined })
  assert.equal(encode(nothing), '{}')
})

/** A list that says another length each time it is asked. */
function listOfLengths(...lengths: number[]): unknown[] {
  return new Proxy([1, 2, 3], {
    get: (items, key) => (key === 'length' && lengths.length > 0 ? lengths.shift() : Reflect.get(items, key) as unknown),
  })
}

test('a list that lies about its length is stored as it was first, or refused, and never read without end', () => {
  const endless = 2 ** 32 - 1
  for (const special of [1, 1n]) {
    assert.deepStrictEqual(decode(encode([special, listOfLengths(3, endless, endless, endless)])), [special, [1, 2, 3]])
    for (const length of [endless, 4, 2, -1, NaN]) {
      // A value that is not plain at the first look is looked at once more.
      assert.throws(() => encode([special, listOfLengths(length, length, 3, 3)]), TypeError, String(length))
    }
  }
})

test('a value that is larger than a record may be is given up as soon as that is certain', async () => {
  const { db, shell } = await openFake({ maximumRecordBytes: 1000 })
  const notes = db.collection('notes')
  const long = 'x'.repeat(600)
  // Each is short in memory and would be endless as text, or takes a gigabyte.
  const everything = Array.from({ length: 900_000 }, () => long)
  const values = [everything, { a: long, b: [long] }, new Uint8Array(1001), { [long]: { [long]: 1 } }, Array.from({ length: 501 }, () => 1)]
  for (const value of values) {
    await assert.rejects(notes.put('n1', value), { name: 'EyotError', code: 'record-too-large', detail: { maximumBytes: 1000 } })
    await assert.rejects(db.batch(tx => tx.notes?.put('n1', value)), { code: 'record-too-large' })
  }
  assert.equal(shell.records.size, 0)
  // What may just be small enough is the engine's to judge.
  for (const value of ['x'.repeat(998), Array.from({ length: 499 }, () => 1)]) await notes.put('n1', value)
})
