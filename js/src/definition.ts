// Defines collections: for the type checker only, so far. Knows nothing of databases.

import type { CollectionDefinition } from './types/database.js'

/**
 * Defines a collection whose values are of that type.
 *
 * @example
 * ```ts
 * const db = await open('field-notes', { collections: { notes: collection<Note>() } })
 * const notes = db.collection('notes') // Collection<Note>
 * ```
 */
export function collection<Value = unknown>(): CollectionDefinition<Value> {
  return Object.freeze({})
}
