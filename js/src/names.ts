// The rules for names: of databases, collections and records. Knows nothing of what they name.

const MAXIMUM_ID_BYTES = 512
const PLAIN_NAME = /^[a-z0-9_-]{1,64}$/

/** Throws a `TypeError` unless it can name a database or a collection: 1 to 64 of `a-z`, `0-9`, `_` and `-`. */
export function checkName(what: string, name: unknown): asserts name is string {
  if (typeof name === 'string' && PLAIN_NAME.test(name)) return
  throw new TypeError(`${what} must be 1 to 64 of a-z, 0-9, _ and -, not ${show(name)}`)
}

/** Throws a `TypeError` unless it can be a record's id: text of 1 to 512 bytes in UTF-8. */
export function checkId(id: unknown): asserts id is string {
  if (typeof id !== 'string') throw new TypeError(`id must be a string, not ${show(id)}`)
  if (id === '') throw new TypeError('id must not be empty')
  const bytes = utf8Length(id)
  if (bytes === undefined) throw new TypeError(`id has a lone surrogate: ${show(id)}`)
  if (bytes > MAXIMUM_ID_BYTES) {
    throw new TypeError(`id must be at most ${String(MAXIMUM_ID_BYTES)} bytes in UTF-8, not ${String(bytes)}`)
  }
}

/** Whether the text has no lone surrogates, and so can be encoded in UTF-8. */
export function isWellFormed(text: string): boolean {
  return utf8Length(text) !== undefined
}

/** The length in UTF-8, in bytes; `undefined` when a lone surrogate makes it none. */
function utf8Length(text: string): number | undefined {
  let bytes = text.length
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) continue
    if (unit < 0x800) bytes += 1
    else if (unit < 0xd800 || unit > 0xdfff) bytes += 2
    else {
      const next = text.charCodeAt(index + 1)
      // Past the end `next` is NaN, and every comparison with it is false.
      if (!(unit <= 0xdbff && next >= 0xdc00 && next <= 0xdfff)) return undefined
      bytes += 2
      index += 1
    }
  }
  return bytes
}

/**
 * The order of ids: by code point, which is the order of their UTF-8 bytes and so the engine's. JavaScript's own `<`
 * compares UTF-16 units, and puts U+FFFD after U+1F600.
 */
export function compareIds(left: string, right: string): number {
  const length = Math.min(left.length, right.length)
  for (let index = 0; index < length; index += 1) {
    const a = left.charCodeAt(index)
    const b = right.charCodeAt(index)
    if (a !== b) return rank(a) - rank(b)
  }
  return left.length - right.length
}

/** Moves the surrogates, which stand for everything above U+FFFF, behind the other units. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}

/** The thing in an error message: short, whatever it is. */
export function show(thing: unknown): string {
  if (typeof thing === 'string') return JSON.stringify(thing.length > 40 ? `${thing.slice(0, 40)}…` : thing)
  if (thing === null || thing === undefined || typeof thing === 'number') return String(thing)
  return `a ${typeof thing}`
}
