// Merges the versions of a record field by field, and says of a new value where its fields come from. Must not know how a kind
// of field is merged, nor who reads.

import { decode } from '../decode.js'
import { encode } from '../encode.js'
import { withVersion } from '../schema/mark.js'
import type { RawVersion } from '../shell.js'
import { hasFields } from './canonical.js'
import { OWN_WRITE, type FieldPolicy, type Outcome, type Part, type Seen } from './cell.js'
import { OWN, withSources, type Source } from './content.js'
import { FieldsOfVersion, readContent, type UpToDate } from './version.js'
import { deletedBy, register } from './register.js'

/** The kinds of the fields that are not plain. */
export type FieldPolicies = ReadonlyMap<string, FieldPolicy>

/** What the versions of a record come to. */
export interface Merged {
  readonly value: Readonly<Record<string, unknown>>
  /** The fields of which people have to choose one, in the order of their names. */
  readonly conflicts: readonly string[]
  readonly outcomes: ReadonlyMap<string, Outcome>
}

/** What a writer has before it when it writes. */
export interface Base {
  readonly merged: Merged
  readonly complete: boolean
  readonly pending: boolean
  /** Whether the writer has seen just that. */
  readonly isKnown: boolean
}

/** A value as it is written. */
export interface Encoded {
  readonly text: string
  readonly references: readonly string[]
}

/** How a value is written. */
export interface Writing {
  /** `undefined`: what the writer has seen is not known, or not readable; `null`: it has seen nothing. */
  readonly base: Base | null | undefined
  readonly policies: FieldPolicies
  /** That of the schema. */
  readonly version: number
  readonly maximumBytes: number
}

/** What these versions come to; `undefined` where they cannot be merged: one has no fields, or who has seen what was not told. */
export function mergeFields(raw: readonly RawVersion[], policies: FieldPolicies, upToDate: UpToDate): Merged | undefined {
  const edits = raw.filter(version => version.text !== undefined)
  const seen = whoHasSeen(raw)
  if (edits.length === 0 || seen === undefined) return undefined
  const versions: FieldsOfVersion[] = []
  let place = 0
  for (const { text, dots, references } of raw) {
    const content = text === undefined ? undefined : readContent(text, upToDate)
    for (const own of dots.length === 0 ? [''] : dots) {
      if (content !== undefined) {
        if (!hasFields(content.value)) return undefined
        versions.push(new FieldsOfVersion({ ...content, own, references, place }, content.value))
      }
      place += 1
    }
  }
  const names = new Set(versions.flatMap(version => version.names))
  const outcomes = new Map<string, Outcome>()
  for (const name of [...names].sort()) {
    const cells = versions.map(version => version.cell(name))
    outcomes.set(name, policies.get(name)?.merge(cells, seen) ?? register.merge(cells, seen) ?? UNTOLD)
  }
  const fields = [...outcomes].filter(([, outcome]) => outcome.present)
  // In the order of the first one's, so that a merge does not turn a value round.
  const order = new Map(versions.flatMap(version => version.present).reverse().map((name, index) => [name, -index]))
  fields.sort(([left], [right]) => (order.get(left) ?? 0) - (order.get(right) ?? 0))
  return {
    value: Object.freeze(Object.fromEntries(fields.map(([name, { value }]) => [name, value]))),
    conflicts: Object.freeze([...outcomes].filter(([, { conflicted }]) => conflicted).map(([name]) => name)),
    outcomes,
  }
}

const UNTOLD: Outcome = Object.freeze({ present: false, value: undefined, conflicted: false, parts: undefined })

/** Who has seen which of the references; `undefined` where that was not told. */
function whoHasSeen(raw: readonly RawVersion[]): Seen | undefined {
  const witnesses = new Map<string, ReadonlySet<number>>()
  for (const { references, seen } of raw) {
    if (references.length === 0) continue
    // All versions under one content have its references.
    if (raw.length === 1) return (_, dot) => references.includes(dot)
    if (seen === undefined) return undefined
    references.forEach((dot, index) => witnesses.set(dot, new Set(seen[index])))
  }
  return (version, dot) => witnesses.get(dot)?.has(version) === true
}

/**
 * The text of a value and where its fields come from. A field that the writer has left as it was keeps its source, so that
 * nothing is claimed that was not written.
 */
export function encodeFields(value: unknown, { base, policies, version, maximumBytes }: Writing): Encoded {
  // What is wrong with the value is said of the whole of it.
  const plain = encode(value, maximumBytes)
  if (!hasFields(value)) return { text: withVersion(plain, version), references: [] }
  const fields = Object.entries(decode(plain) as Record<string, unknown>)
  const before = base?.merged.outcomes
  const sources = new Map<string, readonly Part[] | undefined>()
  const normalized = fields.map(([field, given]): [string, unknown] => {
    const isKnown = base === null || base?.isKnown === true
    const facts = { field, isKnown, complete: base?.complete === true, pending: base?.pending !== false }
    const written = (policies.get(field) ?? register).write(before?.get(field), given, facts)
    sources.set(field, written.parts)
    return [field, written.value]
  })
  for (const [field, outcome] of before ?? []) {
    if (Object.hasOwn(value, field)) continue
    sources.set(field, deletedBy(outcome))
  }
  const text = policies.size === 0 ? plain : encode(Object.fromEntries(normalized), maximumBytes)
  return compose(withVersion(text, version), sources, value)
}

function compose(text: string, sources: ReadonlyMap<string, readonly Part[] | undefined>, value: object): Encoded {
  const references: string[] = []
  const placeOf = (dot: string): number => {
    if (dot === OWN_WRITE) return OWN
    const place = references.indexOf(dot)
    return place >= 0 ? place : references.push(dot) - 1
  }
  const placed = new Map<string, Source>()
  const often = new Map<number, number>()
  for (const [field, parts] of [...sources].sort(([left], [right]) => (left < right ? -1 : 1))) {
    const source = parts === undefined ? OWN : sourceOf(parts, placeOf)
    placed.set(field, source)
    const isPlain = typeof source === 'number' && Object.hasOwn(value, field)
    if (isPlain) often.set(source, (often.get(source) ?? 0) + 1)
  }
  // The commonest goes without saying.
  const [rest = OWN] = [...often].sort(([, one], [, other]) => other - one)[0] ?? []
  for (const [field, source] of placed) {
    if (source === rest && Object.hasOwn(value, field)) placed.delete(field)
  }
  return { text: withSources(text, { rest, fields: placed }), references }
}

function sourceOf(parts: readonly Part[], placeOf: (dot: string) => number): Source {
  const [first] = parts
  if (parts.length === 1 && first?.length === 1) return placeOf(first[0])
  return parts.map(([dot, ...data]) => [placeOf(dot), ...data] as const)
}
