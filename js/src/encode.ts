// Turns a value into text. A value that is pure JSON is its JSON text; one with a Date, a Uint8Array, a bigint or -0 in
// it is `~` and JSON text with markers: objects with the single key `~`. Must not know where the text goes.

import { toBase64 } from './base64.js'
import { classNameOf, kindOf, timeOf } from './kind.js'
import { isWellFormed } from './names.js'

/** How many levels of arrays and objects a value may have. */
export const MAXIMUM_DEPTH = 200

// Shared parts count as often as they are met. Without a bound, thirty lines of `a = [a, a]` would never be done.
const MAXIMUM_PARTS = 1_000_000
const SHOWN_STEPS = 12

type Path = readonly (string | number)[]

/** The value as text. Whatever is wrong with the value is a `TypeError` that names the place. */
export function encode(value: unknown): string {
  try {
    const survey = new Survey()
    survey.visit(value)
    // What says something else each time it is asked may be a value for the survey and none for JSON; no text is a deletion.
    const text = JSON.stringify(survey.special ? mark(value) : value) as string | undefined
    if (text === undefined) throw new TypeError('value says something else each time it is read, and cannot be stored')
    return survey.special ? `~${text}` : text
  } catch (error) {
    if (error instanceof TypeError) throw error
    // A proxy may throw what it likes, and the text may become longer than a string can be.
    throw new TypeError('value cannot be read', { cause: error })
  }
}

/** One walk over a value: is it storable, and is it more than JSON? */
class Survey {
  /** Whether something was met that JSON does not have. */
  special = false
  readonly #path: (string | number)[] = []
  readonly #ancestors: object[] = []
  #parts = 0

  visit(value: unknown): void {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return
      case 'number':
        if (!Number.isFinite(value)) this.#fail(`is ${String(value)}`)
        if (Object.is(value, -0)) this.special = true
        return
      case 'bigint':
        this.special = true
        return
      case 'object':
        if (value !== null) this.#visitObject(value)
        return
      default:
        this.#fail(value === undefined ? 'is undefined' : `is a ${typeof value}`)
    }
  }

  #visitObject(object: object): void {
    switch (kindOf(object)) {
      case 'array':
        this.#descend(object, () => {
          this.#visitItems(object as unknown[])
        })
        return
      case 'object':
        this.#descend(object, () => {
          this.#visitProperties(object as Record<string, unknown>)
        })
        return
      case 'date':
        if (Number.isNaN(timeOf(object))) this.#fail('is an invalid Date')
        this.special = true
        return
      case 'bytes':
        this.special = true
        return
      case 'other':
        this.#fail(`is an instance of ${classNameOf(object)}`)
    }
  }

  #descend(object: object, visitChildren: () => void): void {
    if (this.#ancestors.includes(object)) this.#fail('contains itself')
    if (this.#ancestors.length === MAXIMUM_DEPTH) this.#fail(`is more than ${String(MAXIMUM_DEPTH)} levels deep`)
    this.#ancestors.push(object)
    visitChildren()
    this.#ancestors.pop()
  }

  #visitItems(items: readonly unknown[]): void {
    this.#count(items.length)
    const keys = Object.keys(items)
    if (keys.length !== items.length) this.#failAtOddKey(items, keys)
    if (Object.getOwnPropertySymbols(items).length > 0) this.#fail('has a symbol as a key')
    for (let index = 0; index < items.length; index += 1) {
      this.#path.push(index)
      if (!Object.hasOwn(items, index)) this.#fail('is missing: the array is sparse')
      this.visit(items[index])
      this.#path.pop()
    }
  }

  #failAtOddKey(items: readonly unknown[], keys: readonly string[]): never {
    const odd = keys.findIndex((key, index) => key !== String(index))
    const index = odd === -1 ? keys.length : odd
    const key = keys[index] ?? ''
    if (index < items.length) {
      this.#path.push(index)
      this.#fail('is missing: the array is sparse')
    }
    this.#path.push(key)
    this.#fail('is a property of an array')
  }

  #visitProperties(object: Record<string, unknown>): void {
    const keys = Reflect.ownKeys(object)
    this.#count(keys.length)
    for (const key of keys) {
      if (typeof key === 'symbol') this.#fail('has a symbol as a key')
      this.#path.push(key)
      const property = Object.getOwnPropertyDescriptor(object, key)
      if (property?.enumerable !== true) this.#fail('is not enumerable')
      // A getter may give another value when it is read again.
      if (property.get !== undefined || property.set !== undefined) this.#fail('is a getter or setter')
      if (!isWellFormed(key)) this.#fail('has a lone surrogate in its name')
      this.visit(object[key])
      this.#path.pop()
    }
  }

  #count(parts: number): void {
    this.#parts += parts
    if (this.#parts > MAXIMUM_PARTS) this.#fail(`makes the value have more than ${String(MAXIMUM_PARTS)} parts`)
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

/** A copy of a surveyed value, in which markers stand for what JSON does not have. */
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
