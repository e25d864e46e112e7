// Makes documents of the engine's raw records: frozen, decoded when looked at. Must not know how to get another one.

import { decode } from './decode.js'
import { EyotError } from './errors.js'
import type { Display, Merger } from './merge/merger.js'
import { versionOf } from './schema/mark.js'
import type { Shape, Versioned } from './schema/shape.js'
import type { RawDoc, RawVersion } from './shell.js'
import type { DeletedDoc, Doc } from './types/doc.js'
import type { SchemaIssue } from './types/schema.js'

/** Where a record is, what is demanded of it there, and how its versions merge. */
export interface Place {
  readonly collection: string
  readonly shape: Shape | undefined
  readonly merger: Merger
  /** What whoever is handed the context has seen of the record, where that is not all that the document shows. */
  readonly seen?: RawDoc | undefined
}

/** The displayed value, with the version of the schema that it was written with; `undefined` where there is none to read. */
export function versionedOf(doc: Doc<unknown> | undefined): Versioned | undefined {
  if (doc === undefined) return undefined
  const version = (doc as unknown as RecordDoc).schemaVersion
  // Of a value that is not valid nobody can tell which of its fields are only newer.
  return { value: doc.issues === undefined ? doc.value : undefined, version }
}

/** Whether lists show the document: those of what is valid, or those of what is not. */
export function isListed(doc: Doc<unknown>, invalid = false): boolean {
  return (doc.issues !== undefined) === invalid
}

/** A document of the raw record: an edit's or, when the displayed version is one, a deletion's. */
export function makeDoc<Value>(place: Place, id: string, raw: RawDoc): Doc<Value> | DeletedDoc<Value> {
  return new RecordDoc(place, id, raw) as unknown as Doc<Value> | DeletedDoc<Value>
}

/** Whether the raw record is what the document shows: a dot names one write for ever, so equal dots are equal contents. */
export function shows(doc: Doc<unknown>, raw: RawDoc): boolean {
  const { siblings } = doc
  if (RecordDoc.contextOf(doc) !== raw.context || doc.pending !== raw.pending || siblings.length !== raw.versions.length) return false
  return raw.versions.every(({ dots }, index) => {
    const sibling = siblings[index]
    if (sibling?.version !== dots[0] || sibling?.also.length !== dots.length - 1) return false
    return sibling.also.every((dot, place) => dot === dots[place + 1])
  })
}

const PLAIN: Display = Object.freeze({ value: undefined, conflicted: false, conflicts: Object.freeze([]) })

// The getters stand on the class: an object with getters of its own takes eight times as long to make.
class RecordDoc {
  readonly id: string
  readonly deleted: boolean
  readonly pending: boolean
  readonly at: number
  readonly #place: Place
  readonly #raw: RawDoc
  #display: Display | undefined
  #displayed: RecordSibling | undefined
  #siblings: readonly RecordSibling[] | undefined
  /** `null`: nobody has asked yet. */
  #issues: readonly SchemaIssue[] | undefined | null = null

  constructor(place: Place, id: string, raw: RawDoc) {
    const displayed = raw.versions[0]
    this.id = id
    this.deleted = displayed?.text === undefined
    this.pending = raw.pending
    this.at = displayed?.at ?? 0
    this.#place = place
    this.#raw = raw
    Object.freeze(this)
  }

  /** The context, without noting that somebody has it. */
  static contextOf(doc: object): string | undefined {
    return #raw in doc ? doc.#raw.context : undefined
  }

  get context(): string {
    const { merger, collection, seen } = this.#place
    merger.noteContext(collection, this.id, seen ?? this.#raw)
    return this.#raw.context
  }

  get value(): unknown {
    const merged = this.#shown().value
    return merged === undefined ? this.#first()?.value : merged.value
  }

  get conflicted(): boolean {
    return this.#shown().conflicted
  }

  get conflicts(): readonly string[] {
    return this.#shown().conflicts
  }

  get issues(): readonly SchemaIssue[] | undefined {
    const { shape } = this.#place
    if (shape === undefined || this.deleted) return undefined
    if (this.#issues === null) this.#issues = this.#check(shape)
    return this.#issues
  }

  get schemaVersion(): number {
    // A merged value has what the newest of its versions has.
    const merged = this.#shown().value !== undefined
    return merged ? Math.max(...this.siblings.map(sibling => sibling.schemaVersion)) : (this.#first()?.schemaVersion ?? 1)
  }

  get siblings(): readonly RecordSibling[] {
    if (this.#siblings === undefined) {
      const first = this.#first()
      const others = this.#raw.versions.slice(1).map(version => new RecordSibling(this.#place, this.id, version))
      this.#siblings = Object.freeze(first === undefined ? [] : [first, ...others])
    }
    return this.#siblings
  }

  /** What `JSON.stringify` writes: the getters too. */
  toJSON(): object {
    const { id, value, deleted, conflicted, conflicts, siblings, context, pending, at } = this
    return { id, value, deleted, conflicted, conflicts, siblings, context, pending, at }
  }

  #shown(): Display {
    const { versions } = this.#raw
    // Nearly all records have one version, which shows itself.
    if (versions.length === 1 && versions[0]?.dots.length === 1) return PLAIN
    this.#display ??= this.#merged()
    return this.#display
  }

  #merged(): Display {
    const { merger, collection } = this.#place
    try {
      return merger.display(collection, this.#raw.versions, () => this.siblings)
    } catch {
      // One of them cannot be read. Which one it is its own value tells.
      return { ...PLAIN, conflicted: this.#raw.conflicted }
    }
  }

  #check(shape: Shape): readonly SchemaIssue[] | undefined {
    try {
      return shape.issuesOf(this.value)
    } catch (error) {
      return Object.freeze([{ message: error instanceof Error ? error.message : String(error), path: [] }])
    }
  }

  #first(): RecordSibling | undefined {
    const version = this.#raw.versions[0]
    if (this.#displayed === undefined && version !== undefined) {
      this.#displayed = new RecordSibling(this.#place, this.id, version)
    }
    return this.#displayed
  }
}

class RecordSibling {
  readonly deleted: boolean
  readonly at: number
  readonly replica: string
  readonly version: string
  readonly also: readonly string[]
  readonly schemaVersion: number
  readonly #place: Place
  readonly #id: string
  #text: string | undefined
  #value: unknown

  constructor(place: Place, id: string, version: RawVersion) {
    this.schemaVersion = place.shape === undefined || version.text === undefined ? 1 : versionOf(version.text)
    this.deleted = version.text === undefined
    this.at = version.at
    this.replica = version.replica
    this.version = version.dots[0] ?? ''
    this.also = Object.freeze(version.dots.slice(1))
    this.#place = place
    this.#id = id
    this.#text = version.text
    Object.freeze(this)
  }

  get value(): unknown {
    if (this.#text !== undefined) {
      this.#value = this.#decode(this.#text)
      // The value is all that is needed from now on.
      this.#text = undefined
    }
    return this.#value
  }

  /** What `JSON.stringify` writes: the getter too. */
  toJSON(): object {
    const { value, deleted, at, replica, version, also } = this
    return { value, deleted, at, replica, version, also }
  }

  #decode(text: string): unknown {
    const { collection, shape } = this.#place
    try {
      const value = decode(text)
      return shape === undefined ? value : shape.upToDate(value, this.schemaVersion)
    } catch (cause) {
      const detail = { collection, id: this.#id, version: this.version }
      throw new EyotError('unreadable-value', `version ${this.version} of ${collection}/${this.#id} is unreadable`, {
        detail,
        cause,
      })
    }
  }
}

