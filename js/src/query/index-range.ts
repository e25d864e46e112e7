// A piece of an index: where it begins and ends. Must not know which query it is for.

import type { Condition } from './condition.js'
import { formatCondition } from './format.js'
import type { Entry } from './sorted-entries.js'
import { compareValues, kindOfValue } from './value-order.js'

/** Entries of an index that stand together: those with these values at the front, and the next one within a range. */
export class IndexRange {
  readonly fields: readonly string[]
  readonly #equal: readonly Condition[]
  readonly #within: readonly Condition[]

  /** `equal` are for the first fields, `within` for the one after them: ranges and prefixes with operands of one kind. */
  constructor(fields: readonly string[], equal: readonly Condition[], within: readonly Condition[]) {
    this.fields = fields
    this.#equal = equal
    this.#within = within
  }

  /** Whether the entry comes before the first one of the range. */
  readonly isBeforeStart = (entry: Entry): boolean => {
    const order = this.#compareFront(entry)
    if (order !== 0) return order < 0
    const value = entry[this.#equal.length]
    return this.#within.some(condition => !isPastStart(condition, value))
  }

  /** Whether the entry comes before the first one after the range. */
  readonly isBeforeEnd = (entry: Entry): boolean => {
    const order = this.#compareFront(entry)
    if (order !== 0) return order < 0
    const value = entry[this.#equal.length]
    return this.#within.every(condition => !isPastEnd(condition, value))
  }

  /** What a person may read of it. */
  get text(): string {
    return [...this.#equal, ...this.#within].map(formatCondition).join(' and ') || 'all of it'
  }

  #compareFront(entry: Entry): number {
    for (const [index, { operand }] of this.#equal.entries()) {
      const order = compareValues(entry[index], operand)
      if (order !== 0) return order
    }
    return 0
  }
}

/** Whether the value is not before everything that fulfils the condition. */
function isPastStart({ operator, operand }: Condition, value: unknown): boolean {
  const kinds = kindOfValue(value) - kindOfValue(operand)
  if (kinds !== 0) return kinds > 0
  if (operator === 'lt' || operator === 'lte') return true
  const order = compareValues(value, operand)
  return operator === 'gt' ? order > 0 : order >= 0
}

/** Whether the value is after everything that fulfils the condition. */
function isPastEnd({ operator, operand }: Condition, value: unknown): boolean {
  const kinds = kindOfValue(value) - kindOfValue(operand)
  if (kinds !== 0) return kinds > 0
  if (operator === 'gt' || operator === 'gte') return false
  const order = compareValues(value, operand)
  if (operator === 'prefix') return order > 0 && !(value as string).startsWith(operand as string)
  return operator === 'lt' ? order >= 0 : order > 0
}
