// The answer to a query as one would find it by hand: filter, sort, cut. Shares nothing with the package's own way.

import type { QueryOptions } from '../src/types/query.js'

/** A record and its value; `unreadable` for one that cannot be decoded. */
export interface NaiveRecord {
  readonly id: string
  readonly value: unknown
  readonly unreadable: boolean
}

type Operators = Record<string, unknown>

/** The ids of the rows. */
export function naiveRows(records: readonly NaiveRecord[], query: QueryOptions): string[] {
  const { offset = 0, limit = Infinity } = query
  return naiveMatches(records, query).slice(offset, offset + limit)
}

/** The ids of all matches in order. */
export function naiveMatches(records: readonly NaiveRecord[], { where, orderBy = [] }: QueryOptions): string[] {
  const branches = (where === undefined ? [{}] : Array.isArray(where) ? where : [where]) as Operators[]
  const order = (Array.isArray(orderBy) ? orderBy : [orderBy]) as (string | Record<string, string>)[]
  const fields = order.map(item => (typeof item === 'string' ? [item, 'asc'] : Object.entries(item)[0])) as [string, string][]
  const found = records.filter(record => branches.some(branch => matches(record, branch)))
  found.sort((left, right) => {
    let sign = 1
    for (const [path, direction] of fields) {
      sign = direction === 'desc' ? -1 : 1
      if (left.unreadable || right.unreadable) {
        if (left.unreadable !== right.unreadable) return (left.unreadable ? -1 : 1) * sign
        continue
      }
      const sorted = orderOf(at(left.value, path), at(right.value, path))
      if (sorted !== 0) return sorted * sign
    }
    return Buffer.compare(Buffer.from(left.id), Buffer.from(right.id)) * sign
  })
  return found.map(({ id }) => id)
}

function matches({ value, unreadable }: NaiveRecord, branch: Operators): boolean {
  const conditions = Object.entries(branch)
  if (conditions.length === 0) return true
  if (unreadable) return false
  return conditions.every(([path, given]) => {
    const actual = at(value, path)
    if (given !== null && typeof given === 'object' && Object.getPrototypeOf(given) === Object.prototype) {
      return Object.entries(given).every(([operator, operand]) => test(operator, actual, operand))
    }
    return same(actual, given)
  })
}

function test(operator: string, actual: unknown, operand: unknown): boolean {
  const items = operand as unknown[]
  if (operator === 'eq') return same(actual, operand)
  if (operator === 'ne') return !same(actual, operand)
  if (operator === 'in') return items.some(item => same(actual, item))
  if (operator === 'notIn') return items.every(item => !same(actual, item))
  if (operator === 'prefix') return typeof actual === 'string' && actual.slice(0, (operand as string).length) === operand
  if (operator === 'contains') return Array.isArray(actual) && actual.some(item => same(item, operand))
  if (kind(actual) !== kind(operand)) return false
  const sorted = orderOf(actual, operand)
  return { gt: sorted > 0, gte: sorted >= 0, lt: sorted < 0, lte: sorted <= 0 }[operator] ?? false
}

const same = (left: unknown, right: unknown): boolean => orderOf(left, right) === 0

function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((part, name) => {
    if (kind(part) !== 7) return undefined
    return Object.entries(part as object).find(([key]) => key === name)?.[1]
  }, value)
}

function kind(value: unknown): number {
  if (value === undefined || value === null) return 0
  if (typeof value === 'boolean') return 1
  if (typeof value === 'number' || typeof value === 'bigint') return 2
  if (value instanceof Date) return 3
  if (typeof value === 'string') return 4
  if (value instanceof Uint8Array) return 5
  return Array.isArray(value) ? 6 : 7
}

function orderOf(left: unknown, right: unknown): number {
  if (kind(left) !== kind(right)) return kind(left) - kind(right)
  switch (kind(left)) {
    case 0:
      return 0
    case 4:
      return Buffer.compare(Buffer.from(left as string), Buffer.from(right as string))
    case 5:
      return Buffer.compare(left as Uint8Array, right as Uint8Array)
    case 6:
      return orderLists(left as unknown[], right as unknown[])
    case 7:
      return orderLists(parts(left as object), parts(right as object))
    default:
      return (left as number) < (right as number) ? -1 : (left as number) > (right as number) ? 1 : 0
  }
}

function orderLists(left: readonly unknown[], right: readonly unknown[]): number {
  for (const [index, item] of left.entries()) {
    if (index >= right.length) return 1
    const sorted = orderOf(item, right[index])
    if (sorted !== 0) return sorted
  }
  return left.length - right.length
}

function parts(object: object): unknown[] {
  return Object.entries(object)
    .sort(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
    .flat()
}
