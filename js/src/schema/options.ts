// The options of a collection that make its schema. Must not know what else a definition has.

import { show } from '../names.js'
import type { Migrations, StandardSchema } from '../types/schema.js'
import { MAXIMUM_VERSION } from './mark.js'
import { Shape } from './shape.js'

/** The schema that the options make; `undefined` when they have none. Throws a `TypeError` for what cannot be one. */
export function shapeOf({ schema, version = 1, migrate = {} }: Record<string, unknown>): Shape | undefined {
  if (schema !== undefined && !isStandard(schema)) {
    throw new TypeError(`schema must be a Standard Schema, as of zod, valibot or arktype, not ${show(schema)}`)
  }
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1 || version > MAXIMUM_VERSION) {
    throw new TypeError(`version must be a whole number from 1 to ${String(MAXIMUM_VERSION)}, not ${show(version)}`)
  }
  if (typeof migrate !== 'object' || migrate === null) throw new TypeError('migrate must be an object of functions')
  for (const [from, step] of Object.entries(migrate)) {
    const isVersion = Number.isInteger(Number(from)) && Number(from) >= 1 && Number(from) < version
    if (!isVersion) throw new TypeError(`migrate[${show(from)}] is from no version before ${String(version)}`)
    if (typeof step !== 'function') throw new TypeError(`migrate[${from}] must be a function`)
  }
  return schema === undefined && version === 1 ? undefined : new Shape(schema, version, migrate as Migrations)
}

function isStandard(schema: unknown): schema is StandardSchema {
  // The schemas of some libraries are functions.
  if ((typeof schema !== 'object' && typeof schema !== 'function') || schema === null || !('~standard' in schema)) return false
  const standard = schema['~standard'] as { version?: unknown; validate?: unknown } | null
  return standard?.version === 1 && typeof standard.validate === 'function'
}
