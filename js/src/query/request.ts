// What a query asks for, checked and in one form, so that equal questions are recognized. Must not know how it is answered.

import { decode } from '../decode.js'
import { encode } from '../encode.js'
import { compareIds, show } from '../names.js'
import { checkOptions } from '../options.js'
import { checkOperator, type Condition, type Operator } from './condition.js'
import { checkPath } from './fields.js'
import { compareValues } from './value-order.js'

/** Which way a field sorts. */
export type Direction = 'asc' | 'desc'

/** A question in its one form. */
export interface Request {
  /** Conditions of which all must hold; several such lists, of which one must. One empty list matches every record. */
  readonly branches: readonly (readonly Condition[])[]
  readonly orderBy: readonly (readonly [path: string, direction: Direction])[]
  readonly offset: number
  /** `Infinity` for no limit. */
  readonly limit: number
  /** Equal for questions with the same matches in the same order. */
  readonly matchesKey: string
  /** Equal for equal questions. */
  readonly key: string
}

/** Checks a question. Throws a `TypeError` that names the place. */
export function checkRequest(options: unknown): Request {
  checkOptions(options, ['where', 'orderBy', 'limit', 'offset'])
  const { where = {}, orderBy = [], limit = Infinity, offset = 0 } = (options ?? {}) as Record<string, unknown>
  const branches = checkWhere(where)
  const order = checkOrderBy(orderBy)
  if (limit !== Infinity) checkWhole('limit', limit)
  checkWhole('offset', offset)
  const matchesKey = encode([branches.map(conditions => conditions.map(Object.values)), order])
  const key = `${String(offset)} ${String(limit)} ${matchesKey}`
  return { branches, orderBy: order, offset: Number(offset), limit: Number(limit), matchesKey, key }
}

function checkWhole(place: string, number: unknown): void {
  if (Number.isSafeInteger(number) && (number as number) >= 0) return
  throw new TypeError(`${place} must be a whole number, 0 or above, not ${show(number)}`)
}

function checkWhere(where: unknown): readonly (readonly Condition[])[] {
  if (!Array.isArray(where)) return [checkBranch('where', where)]
  return where.map((branch, index) => checkBranch(`where[${String(index)}]`, branch))
}

function checkBranch(place: string, branch: unknown): readonly Condition[] {
  if (!isPlain(branch)) throw new TypeError(`${place} must be an object: { field: value }`)
  const conditions: Condition[] = []
  for (const path of Object.keys(branch).sort(compareIds)) {
    const where = `${place}.${checkPath(place, path)}`
    const given = branch[path]
    if (isPlain(given)) conditions.push(...checkOperators(where, path, given))
    else if (Array.isArray(given)) throw new TypeError(`${where} is an array: say { eq: [...] } or { in: [...] }`)
    else conditions.push({ path, operator: 'eq', operand: copyOperand(where, given) })
  }
  return conditions
}

function checkOperators(place: string, path: string, given: Readonly<Record<string, unknown>>): Condition[] {
  const operators = Object.keys(given).sort(compareIds)
  if (operators.length === 0) throw new TypeError(`${place} has no operator`)
  return operators.map(operator => {
    const where = `${place}.${operator}`
    // Once read, and then a copy: what the caller does with his own later changes nothing.
    const operand = copyOperand(where, given[operator])
    checkOperator(where, operator, operand)
    return inOneForm({ path, operator, operand })
  })
}

/** The same demand in the form that all equal ones have. */
function inOneForm(condition: Condition): Condition {
  const { path, operator, operand } = condition
  if (operator !== 'in' && operator !== 'notIn') return condition
  const sorted = [...(operand as readonly unknown[])].sort(compareValues)
  const different = sorted.filter((item, index) => index === 0 || compareValues(item, sorted[index - 1]) !== 0)
  if (different.length !== 1) return { path, operator, operand: different }
  const single: Operator = operator === 'in' ? 'eq' : 'ne'
  return { path, operator: single, operand: different[0] }
}

function copyOperand(place: string, operand: unknown): unknown {
  try {
    return decode(encode(operand))
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new TypeError(error.message.replace(/^value(.*) and cannot be stored$/, `${place}$1 and cannot be searched for`), {
      cause: error,
    })
  }
}

function checkOrderBy(orderBy: unknown): readonly (readonly [string, Direction])[] {
  const given: readonly unknown[] = Array.isArray(orderBy) ? orderBy : [orderBy]
  const order = given.map((item, index) => {
    const place = Array.isArray(orderBy) ? `orderBy[${String(index)}]` : 'orderBy'
    if (!isPlain(item)) return [checkPath(place, item), 'asc'] as const
    const [path = '', ...others] = Object.keys(item)
    if (others.length > 0) throw new TypeError(`${place} names several fields: an array of them says which comes first`)
    const direction = item[checkPath(place, path)]
    if (direction === 'asc' || direction === 'desc') return [path, direction] as const
    throw new TypeError(`${place}.${path} must be 'asc' or 'desc', not ${show(direction)}`)
  })
  if (new Set(order.map(([path]) => path)).size < order.length) throw new TypeError('orderBy names a field twice')
  return order
}

function isPlain(thing: unknown): thing is Readonly<Record<string, unknown>> {
  if (typeof thing !== 'object' || thing === null) return false
  const prototype: unknown = Object.getPrototypeOf(thing)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
