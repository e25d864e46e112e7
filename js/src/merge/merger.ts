// The policies of a database's collections, applied: what a record shows, and how a value is written. Must not know how a policy
// works.

import { decode } from '../decode.js'
import { encode } from '../encode.js'
import { report } from '../report.js'
import { withVersion } from '../schema/mark.js'
import type { Shape } from '../schema/shape.js'
import type { RawDoc, RawVersion } from '../shell.js'
import { HandedOut } from './contexts.js'
import { plainText } from './content.js'
import { encodeFields, mergeFields, type Base, type Encoded, type FieldPolicies, type Merged } from './fields.js'
import { KEEP, type MergePolicy } from './policy.js'
import type { UpToDate } from './version.js'

/** What a record with several versions shows. */
export interface Display {
  /** `undefined`: the value of the first version. */
  readonly value: { readonly value: unknown } | undefined
  readonly conflicted: boolean
  readonly conflicts: readonly string[]
}

/** How to write a value. */
export interface WriteRequest {
  readonly collection: string
  readonly id: string
  readonly value: unknown
  /** That of the schema with which it is written. */
  readonly version: number
  /** What the writer has seen; `undefined`: the record as it is. */
  readonly context: string | undefined
  /** The record as it is. */
  readonly present: () => RawDoc | undefined
  readonly maximumBytes: number
}

/** A value and the context with which it is written. */
export interface ReadyWrite extends Encoded {
  readonly context: string | undefined
}

const NO_FIELDS: readonly string[] = Object.freeze([])
const SETTLED: Display = Object.freeze({ value: undefined, conflicted: false, conflicts: NO_FIELDS })
const OPEN: Display = Object.freeze({ value: undefined, conflicted: true, conflicts: NO_FIELDS })

// A dot that no write has says under which name a context was handed out.
const MARKER = / ?\+[0-9a-z]+:9007199254740991/g

/** What has to be known of a collection. */
export interface MergeSettings {
  readonly merge: MergePolicy
  readonly shape: Shape | undefined
}

/** Merges by the policies of a database's collections. */
export class Merger {
  readonly #settingsOf: (collection: string) => MergeSettings | undefined
  readonly #handedOut = new HandedOut()

  constructor(settingsOf: (collection: string) => MergeSettings | undefined) {
    this.#settingsOf = settingsOf
  }

  /** Whether a value is written as a change of what the record shows: that has to be in memory then. */
  readsBeforeWriting(collection: string): boolean {
    return this.fieldsOf(collection) !== undefined
  }

  /** The fields that have a kind of their own; `undefined` where fields are not merged. */
  fieldsOf(collection: string): FieldPolicies | undefined {
    const policy = this.#policyOf(collection)
    return policy.kind === 'fields' ? policy.fields : undefined
  }

  /** Of which kind the collection's policy is. */
  kindOf(collection: string): MergePolicy['kind'] {
    return this.#policyOf(collection).kind
  }

  /** What these versions show; `siblings` are they, for a function of the application. */
  display(collection: string, versions: readonly RawVersion[], siblings: () => readonly unknown[]): Display {
    const policy = this.#policyOf(collection)
    const isDeletionBeside = versions.some(version => version.text === undefined)
    if (policy.kind === 'lastWriter') return SETTLED
    if (policy.kind === 'fields') {
      const merged = mergeFields(versions, policy.fields, this.#upToDate(collection))
      if (merged === undefined) return versions.length > 1 ? OPEN : SETTLED
      const { value, conflicts } = merged
      return { value: { value }, conflicted: isDeletionBeside || conflicts.length > 0, conflicts }
    }
    if (isSameToAll(versions)) return SETTLED
    return policy.kind === 'function' ? decided(policy.merge, siblings()) : OPEN
  }

  /** Notes that the context of a record was handed out to somebody who saw it so. */
  noteContext(collection: string, id: string, raw: RawDoc): void {
    if (this.#policyOf(collection).kind === 'fields') this.#handedOut.note(collection, id, raw)
  }

  /** The value as it is written. */
  encode({ collection, id, value, version, context, present, maximumBytes }: WriteRequest): ReadyWrite {
    const policy = this.#policyOf(collection)
    if (policy.kind !== 'fields') {
      return { text: withVersion(encode(value, maximumBytes), version), references: NO_FIELDS, context }
    }
    const known = context === undefined ? present() : this.#handedOut.find(collection, id, context)
    // A batch may write the record again, and has seen no more by then.
    if (known !== undefined && context === undefined) this.#handedOut.note(collection, id, known)
    const merge = (raw: RawDoc): Merged | undefined => mergedOrNone(raw, policy.fields, this.#upToDate(collection))
    const isFirst = known === undefined ? context === undefined || context === '' : known.versions.every(({ text }) => text === undefined)
    const base = isFirst ? null : known === undefined ? unknownBase(present, policy.fields, merge) : baseOf(known, merge)
    const encoded = encodeFields(value, { base, policies: policy.fields, version, maximumBytes })
    return { ...encoded, context: context ?? known?.context }
  }

  #policyOf(collection: string): MergePolicy {
    return this.#settingsOf(collection)?.merge ?? KEEP
  }

  #upToDate(collection: string): UpToDate {
    const shape = this.#settingsOf(collection)?.shape
    return (value, version) => (shape === undefined ? value : shape.upToDate(value, version))
  }
}

type Merge = (raw: RawDoc) => Merged | undefined

function baseOf(raw: RawDoc, merge: Merge): Base | undefined {
  const merged = merge(raw)
  if (merged === undefined) return undefined
  return { merged, isKnown: true, complete: !raw.context.replaceAll(MARKER, '').includes('+'), pending: raw.pending }
}

/**
 * What the writer saw is not known any more: a field that is as the record has it now is taken for unchanged. Where it was not,
 * the engine finds that the context does not cover the write that set it, and calls it the writer's own.
 */
function unknownBase(
  present: () => RawDoc | undefined,
  policies: FieldPolicies,
  merge: Merge,
): Base | undefined {
  const raw = present()
  const merged = raw === undefined ? undefined : merge(raw)
  if (merged === undefined) return undefined
  const outcomes = new Map([...merged.outcomes].filter(([field, { present: there }]) => {
    return there && policies.get(field)?.comparable !== false
  }))
  return { merged: { ...merged, outcomes }, isKnown: false, complete: false, pending: true }
}

function mergedOrNone(raw: RawDoc, policies: FieldPolicies, upToDate: UpToDate): Merged | undefined {
  try {
    return mergeFields(raw.versions, policies, upToDate)
  } catch {
    // Nobody can go on with what cannot be read.
    return undefined
  }
}

/** Whether all versions have one value, wherever each of them has it from. */
function isSameToAll([first, ...others]: readonly RawVersion[]): boolean {
  const text = first?.text === undefined ? undefined : plainText(first.text)
  return others.every(other => (other.text === undefined ? undefined : plainText(other.text)) === text)
}

function decided(merge: (siblings: readonly unknown[]) => unknown, siblings: readonly unknown[]): Display {
  try {
    // Read as it would be if it was stored: it can be, and is frozen.
    return { ...SETTLED, value: { value: decode(encode(merge(siblings))) } }
  } catch (error) {
    report(error)
    return OPEN
  }
}
