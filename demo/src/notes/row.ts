// A row of the list: the few facts of a note that the list, its filters and the search need. Made once per change.
import type { Note } from './note.ts'
import { readNote, snippetOf, titleOf } from './note.ts'

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
  /** When the displayed version was written, in milliseconds since 1970. */
  readonly at: number
  /** Not yet acknowledged by a relay. */
  readonly unsent: boolean
  readonly conflicted: boolean
  /** Everything that the search looks at, folded. Worked out when the first search comes. */
  readonly searchText: string
}

export function makeRow(source: RowSource): Row {
  const note = readSafely(source)
  return new NoteRow(source, note ?? readNote(undefined), note === undefined)
}

/** How letters are compared in a search: without case and without accents. */
export function fold(text: string): string {
  const lower = text.toLowerCase()
  return isAscii(lower) ? lower : lower.normalize('NFD').replace(/\p{Mn}/gu, '')
}

/** A value written by something newer than this app throws when it is read; its note is listed all the same. */
function readSafely(source: RowSource): Note | undefined {
  try {
    return readNote(source.value)
  } catch {
    return undefined
  }
}

class NoteRow implements Row {
  readonly id: string
  readonly title: string
  readonly snippet: string
  readonly tags: readonly string[]
  readonly done: boolean
  readonly at: number
  readonly unsent: boolean
  readonly conflicted: boolean
  readonly #text: string
  #searchText: string | undefined

  constructor(source: RowSource, note: Note, unreadable: boolean) {
    this.id = source.id
    this.title = unreadable ? 'A note from a newer version' : titleOf(note)
    this.snippet = snippetOf(note)
    this.tags = note.tags
    this.done = note.done
    this.at = source.at
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
