// Decides how a question is answered: by which ranges of which indexes, and what is left to test and to sort. Must not know
// what is in the indexes.

import type { Condition, Operator } from './condition.js'
import { IndexRange } from './index-range.js'
import type { Request } from './request.js'
import { kindOfValue } from './value-order.js'

/** How a question is answered. */
export interface Plan {
  /** Among which entries of indexes the matches are; `undefined`: among all records. */
  readonly ranges: readonly IndexRange[] | undefined
  /** Whether the one range is the answer, in its order: nothing is left to test or to sort. */
  readonly isDirect: boolean
  /** Whether the answer is read from its end. */
  readonly reversed: boolean
  /** What the ranges leave to test: conditions of which all must hold, in several such lists of which one must. */
  readonly rest: readonly (readonly Condition[])[]
}

interface Candidate {
  readonly ranges: readonly IndexRange[]
  readonly rest: readonly Condition[]
  readonly ordered: boolean
  readonly score: number
}

const WITHIN: ReadonlySet<Operator> = new Set<Operator>(['gt', 'gte', 'lt', 'lte', 'prefix'])
// An answer that need not be tested and sorted beats any that must be.
const DIRECT_SCORE = 1_000_000

/**
 * The plan for a question; with `ordered` false the order of the matches does not matter. Of several indexes it takes the
 * one that is the answer as it stands; otherwise the one that narrows by the most fields, the first one declared of equals.
 */
export function makePlan(request: Request, indexes: readonly (readonly string[])[], ordered = true): Plan {
  const best = request.branches.map(branch => bestOf(branch, request, indexes, ordered))
  const [only] = best
  const scan = { ranges: undefined, isDirect: false, reversed: false, rest: request.branches }
  if (best.some(candidate => candidate === undefined)) return scan
  const isDirect = best.length === 1 && only !== undefined && isAnswer(only)
  const reversed = isDirect && ordered && request.orderBy.at(-1)?.[1] === 'desc'
  const found = best.filter(candidate => candidate !== undefined)
  return { ranges: found.flatMap(({ ranges }) => ranges), isDirect, reversed, rest: found.map(({ rest }) => rest) }
}

function isAnswer({ ranges, rest, ordered }: Candidate): boolean {
  return ordered && rest.length === 0 && ranges.length === 1
}

function bestOf(
  branch: readonly Condition[],
  request: Request,
  indexes: readonly (readonly string[])[],
  ordered: boolean,
): Candidate | undefined {
  let best: Candidate | undefined
  for (const fields of indexes) {
    const candidate = candidateOf(branch, request, fields, ordered)
    // An index that neither narrows nor answers is of no use: all records are looked through without it.
    if (candidate.score > (best?.score ?? 0)) best = candidate
  }
  return best
}

function candidateOf(
  branch: readonly Condition[],
  request: Request,
  fields: readonly string[],
  orderMatters: boolean,
): Candidate {
  const equal: Condition[] = []
  for (const field of fields) {
    const condition = branch.find(({ path, operator }) => path === field && operator === 'eq')
    if (condition === undefined) break
    equal.push(condition)
  }
  const next = branch.filter(({ path }) => path === fields[equal.length])
  const within = sameKind(next.filter(({ operator }) => WITHIN.has(operator)))
  const oneOf = within.length > 0 ? undefined : next.find(({ operator }) => operator === 'in')
  const used = new Set([...equal, ...within, oneOf])
  const ranges =
    oneOf === undefined
      ? [new IndexRange(fields, equal, within)]
      : (oneOf.operand as readonly unknown[]).map(
          operand => new IndexRange(fields, [...equal, { path: oneOf.path, operator: 'eq', operand }], []),
        )
  const rest = branch.filter(condition => !used.has(condition))
  const ordered = !orderMatters || givesOrder(request, fields, equal.length)
  const narrowing = 2 * equal.length + (within.length > 0 || oneOf !== undefined ? 1 : 0)
  const isDirect = isAnswer({ ranges, rest, ordered, score: 0 })
  return { ranges, rest, ordered, score: narrowing + (isDirect ? DIRECT_SCORE : 0) }
}

/** Conditions on one field whose operands are of one kind: an index keeps the values of a kind together. */
function sameKind(conditions: readonly Condition[]): readonly Condition[] {
  const kind = kindOfValue(conditions[0]?.operand)
  return conditions.filter(({ operand }) => kindOfValue(operand) === kind)
}

/** Whether an index, behind its first fields, which are fixed, has the order that is asked for, forwards or backwards. */
function givesOrder({ orderBy }: Request, fields: readonly string[], fixed: number): boolean {
  const direction = orderBy.at(-1)?.[1]
  const sorting = orderBy.filter(([path]) => !fields.slice(0, fixed).includes(path))
  const left = fields.slice(fixed)
  return (
    sorting.length === left.length &&
    sorting.every(([path, itsDirection], index) => path === left[index] && itsDirection === direction)
  )
}
