// A field as one version has it, and what comes of a field. Types, and how they are made of stored versions. Must not know
// how the cells of a field are merged.

import type { Source } from './content.js'

/** A part of a field: the write that it comes from, and what the field's policy says of it. */
export type Part = readonly [dot: string, ...data: unknown[]]

/** A field as one version has it. */
export interface Cell {
  /** Which version, in the order in which versions are displayed. */
  readonly version: number
  /** Whether the version says anything of the field: a value, or that it was deleted. */
  readonly told: boolean
  readonly present: boolean
  readonly value: unknown
  /** The version's own dot. */
  readonly own: string
  /** The write that set it. */
  readonly stamp: string
  /** Its parts, where it has some. */
  readonly parts: readonly Part[] | undefined
}

/** Whether that version's writer had seen that write. */
export type Seen = (version: number, dot: string) => boolean

/** What comes of a field. */
export interface Outcome {
  readonly present: boolean
  readonly value: unknown
  /** Whether people have to choose. */
  readonly conflicted: boolean
  /** What a writer that leaves the field as it is says of it; `undefined` where there is nothing to say. */
  readonly parts: readonly Part[] | undefined
}

/** Stands for the write that a part is written with: it has no name yet. */
export const OWN_WRITE = ''

/** How a field is merged and written. */
export interface FieldPolicy {
  /** `false`: that a field has the value that it had does not say that it was left as it was. */
  readonly comparable?: boolean
  /** `undefined`: these cells are not of its kind. */
  merge(cells: readonly Cell[], seen: Seen): Outcome | undefined
  /** What a version says of a field that its writer has given this value; `undefined`: that it has set it itself. */
  write(before: Outcome | undefined, value: unknown, options: WriteFacts): Written
  /** What the field should be so that a change is taken back and what others did stays; `undefined`: that cannot be said. */
  revert?(was: unknown, became: unknown, is: unknown): State
}

/** A value, where there is one. */
export type State = { readonly value: unknown } | undefined

/** What a policy may know of a write. */
export interface WriteFacts {
  /** The name of the field, for what is said of mistakes. */
  readonly field: string
  /** Whether it is known what the writer has seen, be it nothing. */
  readonly isKnown: boolean
  /** Whether the writer has seen all writes of each replica up to the last that it names. */
  readonly complete: boolean
  /** Whether some of these writes may be known to this replica alone. */
  readonly pending: boolean
}

/** A field as it is stored. */
export interface Written {
  readonly value: unknown
  readonly parts: readonly Part[] | undefined
}

/** The stamp and the parts of a source. */
export function resolve(source: Source, own: string, references: readonly string[]): Pick<Cell, 'stamp' | 'parts'> {
  if (typeof source === 'number') return { stamp: references[source] ?? own, parts: undefined }
  const parts = source.map(([place, ...data]): Part => [references[place] ?? own, ...data])
  return { stamp: own, parts }
}
