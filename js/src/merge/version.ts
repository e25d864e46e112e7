// The fields of one version of a record, as the collection's schema has them now, and where each comes from. Must not know how
// they are merged.

import { decode } from '../decode.js'
import { versionOf } from '../schema/mark.js'
import { canonicalText, hasFields } from './canonical.js'
import { resolve, type Cell, type Part } from './cell.js'
import { readSources, type Sources } from './content.js'
import { stampsOf } from './register.js'

/** Brings a stored value to the present version of the collection's schema. */
export type UpToDate = (value: unknown, version: number) => unknown

type Fields = Readonly<Record<string, unknown>>

/** What a stored text says. */
export interface Content {
  /** The value that was stored. */
  readonly stored: unknown
  /** What the migrations have made of it. */
  readonly value: unknown
  readonly sources: Sources
}

/** A content, and which version of the record has it. */
interface Facts extends Content {
  readonly own: string
  readonly references: readonly string[]
  /** Which version it is, in the order in which versions are displayed. */
  readonly place: number
}

/** Throws what a migration throws, and when the text cannot be read. */
export function readContent(text: string, upToDate: UpToDate): Content {
  const stored = decode(text)
  return { stored, value: upToDate(stored, versionOf(text)), sources: readSources(text) }
}

/**
 * The fields of a version. A field that keeps its name in a migration keeps its source. One that a migration has made comes
 * from the field that it has taken away and whose value it has; failing that, from all of those whose values are nowhere. Where
 * there are none, no write has set it, and whoever has set it goes first.
 */
export class FieldsOfVersion {
  readonly #facts: Facts
  readonly #value: Fields
  readonly #gone: ReadonlySet<string>
  readonly #made: ReadonlyMap<string, readonly Part[]>

  constructor(facts: Facts, value: Fields) {
    this.#facts = facts
    this.#value = value
    const stored = hasFields(facts.stored) ? facts.stored : undefined
    const isMigrated = stored !== undefined && stored !== value
    const gone = isMigrated ? Object.keys(stored).filter(name => !Object.hasOwn(value, name)) : []
    const made = isMigrated ? Object.keys(value).filter(name => !Object.hasOwn(stored, name)) : []
    const isMovedTo = (from: string, to: string): boolean => canonicalText(stored?.[from]) === canonicalText(value[to])
    const lost = gone.filter(from => !made.some(to => isMovedTo(from, to)))
    this.#gone = new Set(gone)
    this.#made = new Map(made.map(to => {
      const moved = gone.filter(from => isMovedTo(from, to))
      const stamps = (moved.length > 0 ? moved : lost).flatMap(from => stampsOf(this.#stored(from, stored?.[from])))
      return [to, [...new Set(stamps)].map((dot): Part => [dot])]
    }))
  }

  /** The names of the fields of which it says something. */
  get names(): readonly string[] {
    return [...this.present, ...[...this.#facts.sources.fields.keys()].filter(name => !this.#gone.has(name))]
  }

  /** The names of those that it has, in their order. */
  get present(): readonly string[] {
    return Object.keys(this.#value)
  }

  /** The field as this version has it. */
  cell(name: string): Cell {
    const made = this.#made.get(name)
    if (made === undefined) {
      return Object.hasOwn(this.#value, name) ? this.#stored(name, this.#value[name]) : this.#absent(name)
    }
    const { own, place } = this.#facts
    const [only] = made
    // For a kind of its own it is set by that write.
    const origin = made.length === 1 && only !== undefined ? { stamp: only[0], parts: undefined } : { stamp: own, parts: made }
    return { version: place, told: true, present: true, value: this.#value[name], own, ...origin }
  }

  #stored(name: string, value: unknown): Cell {
    const { sources, own, references, place } = this.#facts
    const source = sources.fields.get(name) ?? sources.rest
    return { version: place, told: true, present: true, value, own, ...resolve(source, own, references) }
  }

  #absent(name: string): Cell {
    const told = this.#facts.sources.fields.has(name) && !this.#gone.has(name)
    return { ...this.#stored(name, undefined), told, present: false }
  }
}
