// The steps that can be taken back: bounded, the latest last. Must not know how that is done.

import type { FieldPolicies } from '../merge/fields.js'
import { joined, type Change } from './revert.js'

/** What was written in one go. */
export type Part = readonly Change[]

/** What is taken back at once. */
export interface Step {
  parts: readonly Part[]
  /** When something was last added, in milliseconds of whichever clock the caller has. */
  at: number
  /** Nothing is added any more. */
  closed: boolean
}

/** What the step did in all: for each record what was there before it, and what after it. `fieldsOf`: the kinds of fields. */
export function changesOf({ parts }: Step, fieldsOf: (collection: string) => FieldPolicies | undefined): readonly Change[] {
  const changes = new Map<string, Change>()
  for (const change of parts.flat()) {
    const key = keyOf(change)
    const earlier = changes.get(key)
    changes.set(key, earlier === undefined ? change : joined(earlier, change, fieldsOf(change.collection)))
  }
  return [...changes.values()]
}

/** Whether the part is about the same records as the step. */
export function concernsSame(step: Step, part: Part): boolean {
  const keys = new Set(step.parts.flat().map(keyOf))
  const others = new Set(part.map(keyOf))
  return keys.size === others.size && [...others].every(key => keys.has(key))
}

function keyOf({ collection, id }: Change): string {
  return `${collection}/${id}`
}
