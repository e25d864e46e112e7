// What can be stored comes back exactly as it was; everything else is refused with the place named.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import vm from 'node:vm'

import fc from 'fast-check'

import { decode } from '../src/decode.js'
import { encode } from '../src/encode.js'
import { everyKind } from './every-kind.js'

const key = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('~', '__proto__', 'constructor', 'toJSON', '', '0', 'a b'),
)

// Strings may hold lone surrogates; names may not.
const text = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 }).map(units => String.fromCharCode(...units))

const leaf = fc.oneof(
  fc.constantFrom(null, true, false, 0, -0, '~', ''),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  text,
  fc.bigInt(),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 20 }),
)

const storable = fc.letrec(tie => ({
  value: fc.oneof({ depthSize: 'medium' }, leaf, tie('list'), tie('object'), tie('marker')),
  list: fc.array(tie('value'), { maxLength: 5 }),
  object: fc.array(fc.tuple(key, tie('value')), { maxLength: 5 }).map(entries => Object.fromEntries(entries)),
  // What looks like the encoding's own markers.
  marker: fc
    .oneof(fc.tuple(fc.constantFrom('d', 'u', 'n', 'z', 'o', 'x'), tie('value')), tie('value'))
    .map(content => ({ '~': content })),
})).value

/** Equal, with -0 and 0 told apart, own properties only, in the same order. */
function assertSame(actual: unknown, expected: unknown): void {
  assert.deepStrictEqual(actual, expected)
  assert.deepStrictEqual(Object.keys(Object(actual) as object), Object.keys(Object(expected) as object))
}

test('what is read equals what was written, exactly', () => {
  fc.assert(
    fc.property(storable, value => {
      assertSame(decode(encode(value)), value)
    }),
    { numRuns: 1_000 },
  )
})

test('the text of a value is the same however often it goes round', () => {
  fc.assert(
    fc.property(storable, value => {
      const once = encode(value)
      assert.equal(encode(decode(once)), once)
    }),
  )
})

const anything = fc.anything(everyKind)

test('encoding anything gives text that can be decoded, or throws a TypeError', () => {
  fc.assert(
    fc.property(fc.oneof(anything, fc.array(anything), fc.dictionary(key, fc.oneof(anything, fc.func(anything)))), value => {
      let encoded: string
      try {
        encoded = encode(value)
      } catch (error) {
        assert.ok(error instanceof TypeError)
        assert.match(error.message, /^value.*cannot be (stored|read)$/s)
        return
      }
      decode(encoded)
    }),
    { numRuns: 1_000 },
  )
})

test('decoding any text gives a frozen value or throws', () => {
  const almost = storable.map(encode).chain(good =>
    fc.tuple(fc.nat(good.length), fc.string({ maxLength: 3 })).map(([at, more]) => good.slice(0, at) + more + good.slice(at + 1)),
  )
  fc.assert(
    fc.property(fc.oneof(fc.string(), almost), broken => {
      let value: unknown
      try {
        value = decode(broken)
      } catch {
        return
      }
      assert.ok(value instanceof Date || value instanceof Uint8Array || Object.isFrozen(value))
    }),
    { numRuns: 1_000 },
  )
})

test('a value that is pure JSON is its JSON text', () => {
  const value = { '~': ['d', 1], list: [1, 'two', null], text: '\ud800' }
  assert.equal(encode(value), JSON.stringify(value))
  assert.equal(encode({ '~': 1 }), '{"~":1}')
})

test('what JSON lacks is marked as written down', () => {
  const cases: [unknown, string][] = [
    [new Date(5), '~{"~":["d",5]}'],
    [Uint8Array.of(0, 255), '~{"~":["u","AP8="]}'],
    [12345678901234567890n, '~{"~":["n","12345678901234567890"]}'],
    [-0, '~{"~":["z"]}'],
    [{ '~': 1n }, '~{"~":["o",{"~":{"~":["n","1"]}}]}'],
    [[1n, { '~': 2 }], '~[{"~":["n","1"]},{"~":["o",{"~":2}]}]'],
  ]
  for (const [value, expected] of cases) assert.equal(encode(value), expected)
})

class Point {
  x = 1
}
class DateOfOurs extends Date {}
const cycle: { self?: unknown; list: unknown[] } = { list: [] }
cycle.list.push({ cycle })
const odd = Object.assign([1], { extra: 2 })
const getter = { get now(): number { return 1 } }
const hidden = Object.defineProperty({}, 'hidden', { value: 1 })
// eslint-disable-next-line no-sparse-arrays
const sparse = [1, , 3]
let deep: unknown = 1
for (let level = 0; level < 201; level += 1) deep = [deep]
let wide: unknown = 1
for (let level = 0; level < 60; level += 1) wide = [wide, wide]

const refused: [what: string, value: unknown, message: string][] = [
  ['undefined', undefined, 'value is undefined and cannot be stored'],
  ['undefined in an object', { a: { b: undefined } }, 'value.a.b is undefined and cannot be stored'],
  ['undefined in an array', [[undefined]], 'value[0][0] is undefined and cannot be stored'],
  ['a function', { items: [{ when: () => 1 }] }, 'value.items[0].when is a function and cannot be stored'],
  ['a symbol', { s: Symbol('x') }, 'value.s is a symbol and cannot be stored'],
  ['a symbol as a key', { a: { [Symbol('x')]: 1 } }, 'value.a has a symbol as a key and cannot be stored'],
  ['a cycle', cycle, 'value.list[0].cycle contains itself and cannot be stored'],
  ['an instance', { at: new Point() }, 'value.at is an instance of Point and cannot be stored'],
  ['a Map', [new Map()], 'value[0] is an instance of Map and cannot be stored'],
  ['a boxed number', { 'a b': Object(1) as unknown }, 'value["a b"] is an instance of Number and cannot be stored'],
  ['a subclass of Date', new DateOfOurs(), 'value is an instance of DateOfOurs and cannot be stored'],
  ['a Buffer', Buffer.from('x'), 'value is an instance of Buffer and cannot be stored'],
  ['another typed array', new Uint16Array(1), 'value is an instance of Uint16Array and cannot be stored'],
  ['an invalid Date', { d: new Date(NaN) }, 'value.d is an invalid Date and cannot be stored'],
  ['NaN', [NaN], 'value[0] is NaN and cannot be stored'],
  ['Infinity', [-Infinity], 'value[0] is -Infinity and cannot be stored'],
  ['a sparse array', { sparse }, 'value.sparse[1] is missing: the array is sparse and cannot be stored'],
  ['a property of an array', { odd }, 'value.odd.extra is a property of an array and cannot be stored'],
  ['a getter', getter, 'value.now is a getter or setter and cannot be stored'],
  ['a hidden property', hidden, 'value.hidden is not enumerable and cannot be stored'],
  ['a lone surrogate in a name', { a: { '\ud800': 1 } }, 'value.a["\\ud800"] has a lone surrogate in its name and cannot be stored'],
  ['too deep a value', deep, `value${'[0]'.repeat(12)}… is more than 200 levels deep and cannot be stored`],
]

for (const [what, value, message] of refused) {
  test(`${what} is refused, and the place is named`, () => {
    assert.throws(() => encode(value), { name: 'TypeError', message })
  })
}

test('a small value that unfolds without end is refused', () => {
  assert.throws(() => encode(wide), { name: 'TypeError', message: /more than 1000000 parts and cannot be stored$/ })
})

test('what a proxy throws becomes a TypeError', () => {
  const trap = new Proxy({}, { ownKeys: () => { throw new RangeError('no') } })
  assert.throws(() => encode({ trap }), { name: 'TypeError', message: 'value cannot be read' })
})

test('200 levels are stored and read', () => {
  let value: unknown = 1n
  for (let level = 0; level < 200; level += 1) value = [value]
  assertSame(decode(encode(value)), value)
})

test('the bytes of a view are stored, not those of its buffer', () => {
  const whole = Uint8Array.of(1, 2, 3, 4, 5)
  assertSame(decode(encode(whole.subarray(1, 3))), Uint8Array.of(2, 3))
  const shared = new Uint8Array(new SharedArrayBuffer(3)).fill(7)
  assertSame(decode(encode(shared)), Uint8Array.of(7, 7, 7))
  const large = new Uint8Array(100_000).map((_, index) => index)
  assertSame(decode(encode(large)), large)
})

test('values of another window are stored like those of this one', () => {
  const foreign: unknown = vm.runInNewContext('({ list: [1, { a: new Date(5) }], bytes: Uint8Array.of(1) })')
  assert.deepStrictEqual(decode(encode(foreign)), { list: [1, { a: new Date(5) }], bytes: Uint8Array.of(1) })
})

test('a value that has been read is frozen all the way down', () => {
  for (const value of [decode('{"a":[{"b":1}]}'), decode(encode({ a: [{ b: 1n }] }))]) {
    const { a } = value as { a: [object] }
    for (const part of [value, a, a[0]]) assert.ok(Object.isFrozen(part))
  }
})

test('text of something newer is refused', () => {
  const texts = ['', '~', '~~{}', '!x', '{"a":', '~{"~":["q",1]}', '~{"~":["z",1]}', '~{"~":1}', '~{"~":["n",""]}']
  const more = ['~{"~":["d",1.5]}', '~{"~":["d",null]}', '~{"~":["u","***"]}', '~{"~":["o",[]]}', '['.repeat(100_000)]
  for (const newer of [...texts, ...more, `${'['.repeat(5000)}${']'.repeat(5000)}`]) {
    assert.throws(() => decode(newer), newer)
  }
})
