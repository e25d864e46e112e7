// Defines collections, and checks definitions. Knows nothing of databases.

import { checkName, show } from './names.js'
import { checkMerge, KEEP, type MergePolicy } from './merge/policy.js'
import { checkOptions } from './options.js'
import { checkFields } from './query/fields.js'
import { shapeOf } from './schema/options.js'
import type { Shape } from './schema/shape.js'
import type { CollectionDefinition, CollectionOptions } from './types/database.js'

/** What a collection keeps of its definition. */
export interface CollectionSettings {
  /** The fields of each index. */
  readonly indexes: readonly (readonly string[])[]
  /** What it demands of its values. */
  readonly shape: Shape | undefined
  /** What is shown while concurrent versions of a record stand. */
  readonly merge: MergePolicy
}

/** Those of a collection that nobody has defined. */
export const UNDECLARED: CollectionSettings = Object.freeze({ indexes: [], shape: undefined, merge: KEEP })

/**
 * Defines a collection whose values are of that type.
 *
 * @example
 * ```ts
 * const notes = collection<Note>({ indexes: ['done', ['done', 'title']] })
 * const db = await open('field-notes', { collections: { notes } })
 * db.collection('notes') // Collection<Note>
 * ```
 */
export function collection<Value = unknown>(options: CollectionOptions<Value> = {}): CollectionDefinition<Value> {
  checkDefinition('collection()', options)
  return Object.freeze({ ...options } as CollectionDefinition<Value>)
}

/** Throws a `TypeError` unless these are definitions of collections by name. */
export function checkDefinitions(definitions: unknown): ReadonlyMap<string, CollectionSettings> {
  if (typeof definitions !== 'object' || definitions === null) throw new TypeError('collections must be an object')
  const settings = new Map<string, CollectionSettings>()
  for (const [name, definition] of Object.entries(definitions)) {
    checkName('the name of a collection', name)
    settings.set(name, checkDefinition(`the definition of ${name}`, definition))
  }
  return settings
}

function checkDefinition(what: string, definition: unknown): CollectionSettings {
  if (typeof definition !== 'object' || definition === null) {
    throw new TypeError(`${what} must be an object: collection<Value>() or {}`)
  }
  checkOptions(definition, ['indexes', 'schema', 'version', 'migrate', 'merge'])
  const { indexes = [], merge } = definition as { indexes?: unknown; merge?: unknown }
  if (!Array.isArray(indexes)) throw new TypeError(`indexes must be an array, not ${show(indexes)}`)
  const checked = indexes.map((fields, place) => checkFields(`indexes[${String(place)}]`, fields))
  return { indexes: checked, shape: shapeOf(definition as Record<string, unknown>), merge: checkMerge(merge) }
}
