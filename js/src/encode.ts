// Turns a value into text. A value that is pure JSON is its JSON text; one with a Date, a Uint8Array, a bigint or -0 in
// it is `~` and JSON text with markers: objects with the single key `~`. Must not know where the text goes.

import { toBase64 } from './base64.js'
import { EyotError } from './errors.js'
import { classNameOf, kindOf, timeOf } from './kind.js'
import { isWellFormed } from './names.js'
import { NOT_PLAIN, plainCopy } from './plain-copy.js'

/** How many levels of arrays and objects a value may have. */
export const MAXIMUM_DEPTH = 200

// Shared parts count as often as they are met. Without a bound, thirty lines of `a = [a, a]` would never be done.
const MAXIMUM_PARTS = 1_000_000
const SHOWN_STEPS = 12

type Path = readonly (string | number)[]

/**
 * The value as text. Whatever is wrong with the value is a `TypeError` that names the place. A value whose text would be
 * longer than `maximumBytes` for certain is `EyotError` `record-too-large`, as soon as that is certain.
 */
export function encode(value: unknown, maximumBytes = Infinity): string {
  try {
    const plain = plainCopy(value)
    if (plain !== NOT_PLAIN) {
      const text = JSON.stringify(plain)
      // In UTF-8 no text is longer than three times its units. What may be too long is measured.
      if (3 * text.length <= maximumBytes) return text
    }
    const survey = new Survey(maximumBytes)
    // What answers as it likes (a proxy) is asked once for each part. JSON gets what it has said, and never the thing
    // itself: that may be endless when it is read again.
    const copy = survey.copy(value)
    return survey.special ? `~${JSON.stringify(mark(copy))}` : JSON.stringify(copy)
  } catch (error) {
    if (error instanceof TypeError || error instanceof EyotError) throw error
    // A proxy may throw what it likes, and the text may become longer than a string can be.
    throw new TypeError('value cannot be read', { cause: error })
  }
}

/** One walk over a value, which makes a plain copy: is it storable, is it more than JSON, and how long is it at least? */
class Survey {
  /** Whether something was met that JSON does not have. */
  special = false
  readonly #maximumBytes: number
  readonly #path: (string | number)[] = []
  readonly #ancestors: object[] = []
  #parts = 0
  #bytes = 0

  constructor(maximumBytes: number) {
    this.#maximumBytes = maximumBytes
  }

  copy(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
        this.#measure(value.length)
        return value
      case 'boolean':
        return value
      case 'number':
        if (!Number.isFinite(value)) this.#fail(`is ${String(value)}`)
        if (Object.is(value, -0)) this.special = true
        return value
      case 'bigint':
        this.special = true
        return value
      case 'object':
        return value === null ? null : this.#copyObject(value)
      default:
        return this.#fail(value === undefined ? 'is undefined' : `is a ${typeof value}`)
    }
  }

  #copyObject(object: object): unknown {
    switch (kindOf(object)) {
      case 'array':
        return this.#descend(object, () => this.#copyItems(object as unknown[]))
      case 'object':
        return this.#descend(object, () => this.#copyProperties(object as Record<string, unknown>))
      case 'date':
        if (Number.isNaN(timeOf(object))) this.#fail('is an invalid Date')
        this.special = true
        return object
      case 'bytes':
        this.special = true
        this.#measure((object as Uint8Array).length)
        return object
      case 'other':
        return this.#fail(`is an instance of ${classNameOf(object)}`)
    }
  }

  #descend(object: object, copyParts: () => unknown): unknown {
    if (this.#ancestors.includes(object)) this.#fail('contains itself')
    if (this.#ancestors.length === MAXIMUM_DEPTH) this.#fail(`is more than ${String(MAXIMUM_DEPTH)} levels deep`)
    this.#ancestors.push(object)
    const copy = copyParts()
    this.#ancestors.pop()
    return copy
  }

  #copyItems(items: readonly unknown[]): unknown[] {
    const { length } = items
    this.#count(length)
    const keys = Object.keys(items)
    if (keys.length !== length) this.#failAtOddKey(length, keys)
    if (Object.getOwnPropertySymbols(items).length > 0) this.#fail('has a symbol as a key')
    const copy: unknown[] = []
    for (let index = 0; index < length; index += 1) {
      this.#path.push(index)
      if (!Object.hasOwn(items, index)) this.#fail('is missing: the array is sparse')
      copy.push(this.copy(items[index]))
      this.#path.pop()
    }
    return copy
  }

  #failAtOddKey(length: number, keys: readonly string[]): never {
    const odd = keys.findIndex((key, index) => key !== String(index))
    const index = odd === -1 ? keys.length : odd
    const key = keys[index] ?? ''
    if (index < length) {
      this.#path.push(index)
      this.#fail('is missing: the array is sparse')
    }
    this.#path.push(key)
    this.#fail('is a property of an array')
  }

  #copyProperties(object: Record<string, unknown>): unknown {
    const keys = Reflect.ownKeys(object)
    this.#count(keys.length)
    const copy: Record<string, unknown> = {}
    for (const key of keys) {
      if (typeof key === 'symbol') this.#fail('has a symbol as a key')
      this.#path.push(key)
      const property = Object.getOwnPropertyDescriptor(object, key)
      if (property?.enumerable !== true) this.#fail('is not enumerable')
      // A getter may give another value when it is read again.
      if (property.get !== undefined || property.set !== undefined) this.#fail('is a getter or setter')
      if (!isWellFormed(key)) this.#fail('has a lone surrogate in its name')
      this.#measure(key.length)
      const part = this.copy(object[key])
      // Assigned, this one would be the prototype.
      if (key === '__proto__') Object.defineProperty(copy, key, { value: part, enumerable: true })
      else copy[key] = part
      this.#path.pop()
    }
    return copy
  }

  #count(parts: number): void {
    this.#parts += parts
    // A proxy may say of its length what it likes, also that it is no number.
    if (!(this.#parts <= MAXIMUM_PARTS)) this.#fail(`makes the value have more than ${String(MAXIMUM_PARTS)} parts`)
    // Each takes two bytes of text, such as `1,`, but for the comma of the last.
    if (parts > 0) this.#measure(2 * parts - 1)
  }

  // In UTF-8 a text is no shorter than this.
  #measure(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes <= this.#maximumBytes) return
    const detail = { maximumBytes: this.#maximumBytes }
    throw new EyotError('record-too-large', `the value is longer than ${String(this.#maximumBytes)} bytes`, { detail })
  }

  #fail(problem: string): never {
    throw new TypeError(`${formatPath(this.#path)} ${problem} and cannot be stored`)
  }
}

function formatPath(path: Path): string {
  const steps = path.slice(0, SHOWN_STEPS).map(step => {
    if (typeof step === 'number') return `[${String(step)}]`
    return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`
  })
  return `value${steps.join('')}${path.length > SHOWN_STEPS ? '…' : ''}`
}

/** A copy of a copied value, in which markers stand for what JSON does not have. */
function mark(value: unknown): unknown {
  if (Object.is(value, -0)) return { '~': ['z'] }
  if (typeof value === 'bigint') return { '~': ['n', String(value)] }
  if (typeof value !== 'object' || value === null) return value
  switch (kindOf(value)) {
    case 'array':
      return Array.from(value as unknown[], mark)
    case 'date':
      return { '~': ['d', timeOf(value)] }
    case 'bytes':
      return { '~': ['u', toBase64(value as Uint8Array)] }
    default:
      return markProperties(value as Record<string, unknown>)
  }
}

function markProperties(object: Record<string, unknown>): unknown {
  // Without a prototype, `__proto__` is a property like any other.
  const marked = Object.create(null) as Record<string, unknown>
  const keys = Object.keys(object)
  for (const key of keys) marked[key] = mark(object[key])
  const looksLikeMarker = keys.length === 1 && keys[0] === '~'
  return looksLikeMarker ? { '~': ['o', marked] } : marked
}
