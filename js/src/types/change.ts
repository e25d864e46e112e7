// What is told of changes. Types only; knows nothing of how they are found.

import type { ChangeCause } from './collection.js'
import type { Doc } from './doc.js'

/** One record that has changed. */
export interface RecordChange<Value = unknown> {
  /** The collection's name. */
  readonly collection: string
  /** The record's id. */
  readonly id: string
  /** The record as it was; `undefined` when it was absent or deleted. Its value is decoded when it is looked at. */
  readonly before: Doc<Value> | undefined
  /** The record as it is; `undefined` when it is absent or deleted. */
  readonly after: Doc<Value> | undefined
  /** Why: written here, in another tab, arrived by sync, or acknowledged by a relay (then only `pending` is different). */
  readonly cause: Exclude<ChangeCause, 'load'>
}

/** Is told of changes: of all that became visible in one go at once. */
export type ChangesListener<Value = unknown> = (changes: readonly RecordChange<Value>[]) => void
