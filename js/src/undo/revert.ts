// How to take a change of a record back without taking back what others did. Must not know how it is written.

import { EyotError } from '../errors.js'
import { isEqual } from '../equal.js'
import { kindOf } from '../kind.js'
import type { Doc, Sibling } from '../types/doc.js'

/** A record's value; `undefined` when it was absent or deleted. */
export type State = { readonly value: unknown } | undefined

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
 * - It is in conflict: the version that the change made is replaced by what was before, and the others stay.
 * - Otherwise nothing is done.
 */
export function revert(change: Change, now: Doc<unknown> | undefined): Reversal {
  try {
    return revertReadable(change, now)
  } catch (error) {
    // What something newer wrote is not for this app to change.
    if (error instanceof EyotError && error.code === 'unreadable-value') return LEAVE
    throw error
  }
}

function revertReadable({ before, after }: Change, now: Doc<unknown> | undefined): Reversal {
  if (now?.conflicted === true) return revertSibling(before, after, now.siblings)
  if (isSame(now, after)) return { write: { state: before, context: now?.context }, left: 'nothing' }
  if (now === undefined || !isRecord(before?.value) || !isRecord(after?.value) || !isRecord(now.value)) return LEAVE
  return revertFields(before.value, after.value, now.value, now.context)
}

function revertSibling(before: State, after: State, siblings: readonly Sibling<unknown>[]): Reversal {
  const own = siblings.find(sibling => isSame(sibling.deleted ? undefined : sibling, after))
  // A dot is a context too: it accounts for that version, and not for those beside it.
  return own === undefined ? LEAVE : { write: { state: before, context: own.version }, left: 'nothing' }
}

function revertFields(before: Fields, after: Fields, now: Fields, context: string): Reversal {
  const fields = new Map(Object.entries(now))
  const left: string[] = []
  let reverted = false
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [was, became, is] = [before, after, now].map(value => fieldOf(value, name))
    if (isSame(was, became)) continue
    if (!isSame(is, became)) {
      if (!isSame(is, was)) left.push(name)
      continue
    }
    reverted = true
    if (was === undefined) fields.delete(name)
    else fields.set(name, was.value)
  }
  if (!reverted) return left.length === 0 ? { write: undefined, left: 'nothing' } : LEAVE
  return { write: { state: { value: Object.fromEntries(fields) }, context }, left: left.length === 0 ? 'nothing' : left }
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
