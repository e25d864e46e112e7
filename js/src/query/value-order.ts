// The order of values in queries: one order over everything that can be stored, which equality agrees with. Must not know
// what is compared, or why.

import { compareIds } from '../names.js'

/** Stands for every field of a value that cannot be decoded: before all values, and equal to none of them. */
export const UNREADABLE: unique symbol = Symbol('unreadable')

/** The kinds of values in their order. A missing field counts as `null`. */
export const Kind = { unreadable: 0, null: 1, boolean: 2, number: 3, date: 4, string: 5, bytes: 6, array: 7, object: 8 } as const

/** The place of a kind in the order of kinds. */
export type Kind = (typeof Kind)[keyof typeof Kind]

/** The kind of the value. */
export function kindOfValue(value: unknown): Kind {
  switch (typeof value) {
    case 'string':
      return Kind.string
    case 'number':
    case 'bigint':
      return Kind.number
    case 'boolean':
      return Kind.boolean
    case 'symbol':
      return Kind.unreadable
    case 'object':
      if (value === null) return Kind.null
      if (Array.isArray(value)) return Kind.array
      if (value instanceof Date) return Kind.date
      return value instanceof Uint8Array ? Kind.bytes : Kind.object
    default:
      return Kind.null
  }
}

/**
 * Below 0, 0 or above 0. Kinds come in their order: missing or `null`, `false`, `true`, numbers (`number` and `bigint` by
 * what they amount to), dates, texts by code point, bytes, arrays item by item, objects by their sorted fields.
 */
export function compareValues(left: unknown, right: unknown): number {
  if (left === right) return 0
  const kind = kindOfValue(left)
  const difference = kind - kindOfValue(right)
  if (difference !== 0) return difference
  switch (kind) {
    case Kind.boolean:
    case Kind.number:
    case Kind.date:
      return compareNumbers(left as number, right as number)
    case Kind.string:
      return compareIds(left as string, right as string)
    case Kind.bytes:
      return compareLists(left as Uint8Array, right as Uint8Array)
    case Kind.array:
      return compareLists(left as unknown[], right as unknown[])
    case Kind.object:
      return compareLists(fieldsOf(left as object), fieldsOf(right as object))
    default:
      return 0
  }
}

// What the operators make numbers of: `false` and `true` are 0 and 1, a date its milliseconds.
function compareNumbers(left: number, right: number): number {
  return left < right ? -1 : left > right ? 1 : 0
}

function compareLists(left: ArrayLike<unknown>, right: ArrayLike<unknown>): number {
  const length = Math.min(left.length, right.length)
  for (let index = 0; index < length; index += 1) {
    const order = compareValues(left[index], right[index])
    if (order !== 0) return order
  }
  return left.length - right.length
}

function fieldsOf(object: object): unknown[] {
  return Object.entries(object)
    .sort(([left], [right]) => compareIds(left, right))
    .flat()
}
