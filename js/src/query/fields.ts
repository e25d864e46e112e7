// The fields of values, by path: `address.city`. Must not know what is asked of them.

import { show } from '../names.js'
import { UNREADABLE } from './value-order.js'

/** The paths in what was given: one, or a list. Throws a `TypeError` that names the place. */
export function checkFields(place: string, given: unknown): readonly string[] {
  const paths: readonly unknown[] = Array.isArray(given) ? given : [given]
  if (paths.length === 0) throw new TypeError(`${place} names no field`)
  const checked = paths.map(path => checkPath(place, path))
  if (new Set(checked).size < checked.length) throw new TypeError(`${place} names a field twice`)
  return checked
}

/** The path, if it is one: names with dots between them. Throws a `TypeError` that names the place. */
export function checkPath(place: string, path: unknown): string {
  if (typeof path === 'string' && path.split('.').every(name => name !== '')) return path
  throw new TypeError(`${place}: a field must be a name, or names with dots between them, not ${show(path)}`)
}

/** Reads a field: gives `undefined` where a value has none. */
export type ReadField = (value: unknown) => unknown

/** A function that reads the field of that path. */
export function fieldReader(path: string): ReadField {
  const names = path.split('.')
  return value => {
    if (value === UNREADABLE) return UNREADABLE
    let part = value
    for (const name of names) {
      // Items of arrays and bytes are no fields, and `length` is none either.
      if (typeof part !== 'object' || part === null || Array.isArray(part) || ArrayBuffer.isView(part)) return undefined
      if (!Object.hasOwn(part, name)) return undefined
      part = (part as Record<string, unknown>)[name]
    }
    return part
  }
}
