// How to take a change of a record back without taking back what others did. Must not know how it is written.

import { EyotError } from '../errors.js'
import { isEqual } from '../equal.js'
import { kindOf } from '../kind.js'
import type { FieldPolicies } from '../merge/fields.js'
import type { Doc, Sibling } from '../types/doc.js'

/** A record's value, and its context if it was read; `undefined` when it was absent or deleted. */
export type State = { readonly value: unknown; readonly context?: string } | undefined

/** What a write made of a record. */
export interface Change {
  readonly collection: string
  readonly id: string
  readonly before: State
  readonly after: State
}

/** What to write, and what to leave alone: the fields, or all. */
export interface Reversal {
  /** `state` `undefined` deletes. */
  readonly write: { readonly state: State; readonly context: string | undefined } | undefined
  readonly left: 'nothing' | 'all' | readonly string[]
}

const LEAVE: Reversal = { write: undefined, left: 'all' }

/**
 * What takes the change back, for the record as it is now.
 *
 * - It is as the change left it: what was there before is written.
 * - Somebody else has changed it, and all values are objects: the fields that the change touched, and nobody since, get
 *   back what they had. The others stay.
 *   Counters lose what the change has added, and sets get and lose the elements that it has removed and added.
 * - It is in conflict: the version that the change made is replaced by what was before, and the others stay.
 * - Otherwise nothing is done.
 *
 * `fields`: the kinds of the fields, where the collection merges them.
 */
export function revert(change: Change, now: Doc<unknown> | undefined, fields?: FieldPolicies): Reversal {
  try {
    return revertReadable(change, now, fields)
  } catch (error) {
    // What something newer wrote is not for this app to change.
    if (error instanceof EyotError && error.code === 'unreadable-value') return LEAVE
    throw error
  }
}

/** Two changes of a record, one after the other, as one: without what others did in between. */
export function joined(earlier: Change, later: Change, fields?: FieldPolicies): Change {
  try {
    if (isSame(earlier.after, later.before)) return { ...later, before: earlier.before }
    const [was, became, is] = [earlier.before?.value, earlier.after?.value, later.before?.value]
    if (!isRecord(was) || !isRecord(became) || !isRecord(is)) return later
    return { ...later, before: { value: withoutChange(was, became, is, fields).value } }
  } catch (error) {
    if (error instanceof EyotError && error.code === 'unreadable-value') return later
    throw error
  }
}

function revertReadable({ before, after }: Change, now: Doc<unknown> | undefined, fields: FieldPolicies | undefined): Reversal {
  if (now?.conflicted === true) return revertSibling(before, after, now.siblings, fields !== undefined)
  if (isSame(now, after)) return { write: { state: before, context: now?.context }, left: 'nothing' }
  if (now === undefined || !isRecord(before?.value) || !isRecord(after?.value) || !isRecord(now.value)) return LEAVE
  const { value, left, reverted } = withoutChange(before.value, after.value, now.value, fields)
  if (!reverted) return left.length === 0 ? { write: undefined, left: 'nothing' } : LEAVE
  return { write: { state: { value }, context: now.context }, left: left.length === 0 ? 'nothing' : left }
}

function revertSibling(before: State, after: State, siblings: readonly Sibling<unknown>[], merges: boolean): Reversal {
  const own = siblings.find(sibling => isSame(sibling.deleted ? undefined : sibling, after))
  // A dot is a context too: it accounts for that version, and not for those beside it. Where fields are merged it is not
  // enough: what the version has from others before it would be written as if it was new, and count twice.
  const context = merges ? after?.context : own?.version
  return own === undefined || context === undefined ? LEAVE : { write: { state: before, context }, left: 'nothing' }
}

/** What the fields are without the change, whether that is another value, and the fields that others have changed since. */
function withoutChange(
  before: Fields,
  after: Fields,
  now: Fields,
  kinds: FieldPolicies | undefined,
): { value: Fields; left: readonly string[]; reverted: boolean } {
  const fields = new Map(Object.entries(now))
  const left: string[] = []
  let reverted = false
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [was, became, is] = [before, after, now].map(value => fieldOf(value, name))
    if (isSame(was, became)) continue
    const state = was && became && is && kinds?.get(name)?.revert?.(was.value, became.value, is.value)
    if (state !== undefined) {
      reverted = true
      fields.set(name, state.value)
      continue
    }
    if (!isSame(is, became)) {
      if (!isSame(is, was)) left.push(name)
      continue
    }
    reverted = true
    if (was === undefined) fields.delete(name)
    else fields.set(name, was.value)
  }
  return { value: Object.fromEntries(fields), left, reverted }
}

type Fields = Readonly<Record<string, unknown>>

function fieldOf(value: Fields, name: string): State {
  return Object.hasOwn(value, name) ? { value: value[name] } : undefined
}

function isSame(left: State, right: State): boolean {
  return left === undefined || right === undefined ? left === right : isEqual(left.value, right.value)
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && kindOf(value) === 'object'
}
