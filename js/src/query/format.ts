// Conditions as a person reads them. Knows nothing of what they are for.

import type { Condition, Operator } from './condition.js'

const SIGNS: Partial<Record<Operator, string>> = {
  eq: '=',
  ne: '≠',
  gt: '>',
  gte: '≥',
  lt: '<',
  lte: '≤',
  notIn: 'not in',
}
const LONGEST = 80

/** Such as `done = true`. */
export function formatCondition({ path, operator, operand }: Condition): string {
  return `${path} ${SIGNS[operator] ?? operator} ${formatOperand(operand)}`
}

function formatOperand(operand: unknown): string {
  if (typeof operand === 'bigint') return `${String(operand)}n`
  const text = JSON.stringify(operand, (_, part: unknown) => {
    if (typeof part === 'bigint') return `${String(part)}n`
    return part instanceof Uint8Array ? `${String(part.length)} bytes` : part
  })
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}
