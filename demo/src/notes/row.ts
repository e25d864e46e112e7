// A row of the list: the few facts of a note that the list and the search need. Made once for each document that is looked at.
import type { NoteText } from './note.ts'
import { createdAtOf, readNote, sightingsOf, snippetOf, titleOf } from './note.ts'

/** What a row is made from: a document of the database, of which `value` is decoded when it is asked for. */
export interface RowSource {
  readonly id: string
  readonly value: unknown
  readonly at: number
  readonly pending: boolean
  readonly conflicted: boolean
}

export interface Row {
  readonly id: string
  readonly title: string
  readonly snippet: string
  readonly tags: readonly string[]
  readonly done: boolean
  /** How often it was seen. */
  readonly sightings: number
  /** When the note was begun, or else when the displayed version was written: in milliseconds since 1970. */
  readonly at: number
  /** Not yet acknowledged by a relay. */
  readonly unsent: boolean
  readonly conflicted: boolean
  /** Everything that the search looks at, folded. Worked out when the first search comes. */
  readonly searchText: string
}

const rows = new WeakMap<RowSource, Row>()

/** The row of a document: the same one every time, as the document is as long as its record is unchanged. */
export function rowOf(doc: RowSource): Row {
  let row = rows.get(doc)
  if (row === undefined) rows.set(doc, (row = makeRow(doc)))
  return row
}

function makeRow(source: RowSource): Row {
  try {
    const { value } = source
    return new NoteRow(source, readNote(value), value)
  } catch {
    // Written by something newer than this app; its note is listed all the same.
    return new NoteRow(source, { ...readNote(undefined), title: 'A note from a newer version' }, undefined)
  }
}

/** How letters are compared in a search: without case and without accents. */
export function fold(text: string): string {
  const lower = text.toLowerCase()
  return isAscii(lower) ? lower : lower.normalize('NFD').replace(/\p{Mn}/gu, '')
}

class NoteRow implements Row {
  readonly id: string
  readonly title: string
  readonly snippet: string
  readonly tags: readonly string[]
  readonly done: boolean
  readonly sightings: number
  readonly at: number
  readonly unsent: boolean
  readonly conflicted: boolean
  readonly #text: string
  #searchText: string | undefined

  constructor(source: RowSource, note: NoteText, value: unknown) {
    this.id = source.id
    this.title = titleOf(note)
    this.snippet = snippetOf(note)
    this.tags = note.tags
    this.done = note.done
    this.sightings = sightingsOf(value)
    this.at = createdAtOf(value, source.at)
    this.unsent = source.pending
    this.conflicted = source.conflicted
    this.#text = note.text
  }

  get searchText(): string {
    this.#searchText ??= fold(`${this.title}\n${this.tags.join('\n')}\n${this.#text}`)
    return this.#searchText
  }
}

function isAscii(text: string): boolean {
  return !/[^\0-\x7f]/.test(text)
}
