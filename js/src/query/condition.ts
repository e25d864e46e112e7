// What a query demands of one field: operators, and whether a value fulfils them. Must not know where values come from.

import { show } from '../names.js'
import { compareValues, Kind, kindOfValue, UNREADABLE } from './value-order.js'

/** An operator as it is written. */
export type Operator = 'eq' | 'ne' | 'in' | 'notIn' | 'gt' | 'gte' | 'lt' | 'lte' | 'prefix' | 'contains'

/** A demand on one field. The operand is a frozen copy of what the caller gave. */
export interface Condition {
  readonly path: string
  readonly operator: Operator
  readonly operand: unknown
}

const OPERATORS: readonly Operator[] = ['eq', 'ne', 'in', 'notIn', 'gt', 'gte', 'lt', 'lte', 'prefix', 'contains']
const RANGED: ReadonlySet<Kind> = new Set([Kind.number, Kind.date, Kind.string, Kind.bytes])

/** Throws a `TypeError` that names the place unless it is an operator with an operand that suits it. */
export function checkOperator(place: string, operator: string, operand: unknown): asserts operator is Operator {
  if (!(OPERATORS as readonly string[]).includes(operator)) {
    throw new TypeError(`${place} is no operator: there are ${OPERATORS.join(', ')}`)
  }
  const problem = problemWith(operator as Operator, operand)
  if (problem !== undefined) throw new TypeError(`${place} ${problem}, not ${show(operand)}`)
}

function problemWith(operator: Operator, operand: unknown): string | undefined {
  switch (operator) {
    case 'in':
    case 'notIn':
      return Array.isArray(operand) ? undefined : 'must be an array'
    case 'prefix':
      return typeof operand === 'string' ? undefined : 'must be a string'
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return RANGED.has(kindOfValue(operand)) ? undefined : 'must be a number, a bigint, a Date, a string or bytes'
    default:
      return undefined
  }
}

/**
 * Whether the value fulfils the condition. A range is for values of its operand's kind only: nothing missing, and nothing
 * of another kind, is below or above a number. What cannot be read fulfils nothing.
 */
export function fulfils({ operator, operand }: Condition, value: unknown): boolean {
  if (value === UNREADABLE) return false
  switch (operator) {
    case 'eq':
      return compareValues(value, operand) === 0
    case 'ne':
      return compareValues(value, operand) !== 0
    case 'in':
      return includes(operand as readonly unknown[], value)
    case 'notIn':
      return !includes(operand as readonly unknown[], value)
    case 'prefix':
      return typeof value === 'string' && value.startsWith(operand as string)
    case 'contains':
      return Array.isArray(value) && value.some(item => compareValues(item, operand) === 0)
    default:
      return kindOfValue(value) === kindOfValue(operand) && isWithin(operator, compareValues(value, operand))
  }
}

function isWithin(operator: Operator, order: number): boolean {
  switch (operator) {
    case 'gt':
      return order > 0
    case 'gte':
      return order >= 0
    case 'lt':
      return order < 0
    default:
      return order <= 0
  }
}

/** Whether the value is among the sorted ones. */
function includes(sorted: readonly unknown[], value: unknown): boolean {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareValues(sorted[middle], value) < 0) low = middle + 1
    else high = middle
  }
  return low < sorted.length && compareValues(sorted[low], value) === 0
}
