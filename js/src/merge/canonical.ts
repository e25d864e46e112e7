// Values as texts that are equal when the values are. Must not know why they are compared.

import { encode } from '../encode.js'
import { kindOf } from '../kind.js'

/** The text of a value that has been stored or can be: equal values have equal texts, in whatever order their properties are. */
export function canonicalText(value: unknown): string {
  return typeof value === 'object' && value !== null ? encode(sorted(value)) : encode(value)
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const kind = kindOf(value)
  if (kind === 'array') return (value as unknown[]).map(sorted)
  if (kind !== 'object') return value
  const parts = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1))
  return Object.fromEntries(parts.map(([name, part]) => [name, sorted(part)]))
}

/** Whether it is an object with fields. */
export function hasFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && kindOf(value) === 'object'
}
