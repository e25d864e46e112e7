// Whether two values are the same. Knows only what can be stored.

import { kindOf, timeOf } from './kind.js'

/** Whether the values are equal in all their parts, whatever the order of properties. */
export function isEqual(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  const kind = kindOf(left)
  if (kind !== kindOf(right)) return false
  switch (kind) {
    case 'date':
      return timeOf(left) === timeOf(right)
    case 'array':
    case 'bytes':
      return areItemsEqual(left as ArrayLike<unknown>, right as ArrayLike<unknown>)
    default:
      return arePropertiesEqual(left as Record<string, unknown>, right as Record<string, unknown>)
  }
}

function areItemsEqual(left: ArrayLike<unknown>, right: ArrayLike<unknown>): boolean {
  if (left.length !== right.length) return false
  for (let index = 0; index < left.length; index += 1) if (!isEqual(left[index], right[index])) return false
  return true
}

function arePropertiesEqual(left: Record<string, unknown>, right: Record<string, unknown>): boolean {
  const names = Object.keys(left)
  if (names.length !== Object.keys(right).length) return false
  return names.every(name => Object.hasOwn(right, name) && isEqual(left[name], right[name]))
}
