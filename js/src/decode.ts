// Turns text back into the value that `encode` was given, frozen. Trusts nothing: the text may come from another
// replica, and from something newer than this.

import { fromBase64 } from './base64.js'
import { MAXIMUM_DEPTH } from './encode.js'
import { plainText } from './merge/content.js'
import { isWellFormed } from './names.js'

const INTEGER = /^-?\d+$/
// A name can only have a lone surrogate where the text has one escaped: the text itself was UTF-8.
const ESCAPED_SURROGATE = /\\u[dD]/

/** The value of the text, frozen all the way down. Throws when the text is none that `encode` makes. */
export function decode(stored: string): unknown {
  const text = plainText(stored)
  const isMarked = text.startsWith('~')
  const value: unknown = JSON.parse(isMarked ? text.slice(1) : text)
  if (ESCAPED_SURROGATE.test(text)) checkNames(value, 0)
  if (isMarked) return restore(value, 0)
  freeze(value, 0)
  return value
}

function checkNames(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return
  // A marker that stands for an object is two levels more.
  if (depth > 3 * MAXIMUM_DEPTH) throw new Error('the value is too deep')
  for (const [name, part] of Object.entries(value)) {
    if (!isWellFormed(name)) throw new Error('a name has a lone surrogate')
    checkNames(part, depth + 1)
  }
}

// No list of the parts is made: every value that is looked at goes through here.
function freeze(value: unknown, depth: number): void {
  if (typeof value === 'number') checkNumber(value)
  if (typeof value !== 'object' || value === null) return
  checkDepth(depth)
  // What `JSON.parse` made has no other names than its own.
  for (const name in value) {
    const part = (value as Record<string, unknown>)[name]
    if (typeof part !== 'string') freeze(part, depth + 1)
  }
  Object.freeze(value)
}

// JSON can say a number that is larger than any.
function checkNumber(value: number): void {
  if (!Number.isFinite(value)) throw new Error('a number is too large')
}

/** Puts what the markers stand for in their place. */
function restore(value: unknown, depth: number): unknown {
  if (typeof value === 'number') checkNumber(value)
  if (typeof value !== 'object' || value === null) return value
  const keys = Object.keys(value)
  if (!Array.isArray(value) && keys.length === 1 && keys[0] === '~') {
    return restoreMarker((value as { '~': unknown })['~'], depth)
  }
  return restoreParts(value as Record<string, unknown>, keys, depth)
}

function restoreParts(parts: Record<string, unknown>, keys: readonly string[], depth: number): unknown {
  checkDepth(depth)
  for (const key of keys) {
    const part = parts[key]
    // Assigning is safe even for `__proto__`, which is an own property here: `JSON.parse` made it one.
    if (typeof part === 'object' || typeof part === 'number') parts[key] = restore(part, depth + 1)
  }
  return Object.freeze(parts)
}

function restoreMarker(marker: unknown, depth: number): unknown {
  if (!Array.isArray(marker)) throw new Error('a marker is not an array')
  const [kind, content] = marker as [unknown, unknown]
  switch (`${String(kind)}${String(marker.length)}`) {
    case 'z1':
      return -0
    case 'n2':
      return restoreBigint(content)
    case 'd2':
      return restoreDate(content)
    case 'u2':
      if (typeof content !== 'string') break
      return fromBase64(content)
    case 'o2':
      if (typeof content !== 'object' || content === null || Array.isArray(content)) break
      return restoreParts(content as Record<string, unknown>, Object.keys(content), depth)
  }
  throw new Error('a marker is unknown')
}

function restoreBigint(content: unknown): bigint {
  if (typeof content !== 'string' || !INTEGER.test(content)) throw new Error('a bigint is none')
  return BigInt(content)
}

function restoreDate(content: unknown): Date {
  const date = new Date(typeof content === 'number' ? content : NaN)
  if (date.getTime() !== content) throw new Error('a date is none')
  return date
}

function checkDepth(depth: number): void {
  if (depth >= MAXIMUM_DEPTH) throw new Error('the value is too deep')
}
