// What a note is, and how a stored value is read as one. It knows nothing of the page or of the database.

/** What a person fills in. */
export interface NoteText {
  title: string
  text: string
  tags: string[]
  done: boolean
}

/** A note as this app writes it. */
export interface Note extends NoteText {
  /** How often it was seen. Left out: nobody has counted. */
  sightings?: number
  /** When it was begun, in milliseconds since 1970; notes of older apps lack it. It never changes, so it never conflicts. */
  createdAt?: number
}

export const emptyNote: Readonly<NoteText> = Object.freeze({ title: '', text: '', tags: [], done: false })

/**
 * Reads a stored value as a note. Other versions of this app, scripts and imports write to the same database, so a
 * part that is missing or of another type is read as empty rather than breaking the page.
 */
export function readNote(value: unknown): NoteText {
  if (typeof value !== 'object' || value === null) return { ...emptyNote, tags: [] }
  const { title, text, tags, done } = value as Partial<Record<keyof NoteText, unknown>>
  return {
    title: typeof title === 'string' ? title : '',
    text: typeof text === 'string' ? text : '',
    tags: Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [],
    done: done === true,
  }
}

/** How often it was seen: 0 where nobody has counted, or something else stands. */
export function sightingsOf(value: unknown): number {
  const { sightings } = (value ?? {}) as { sightings?: unknown }
  return Number.isSafeInteger(sightings) ? Math.max(0, sightings as number) : 0
}

/** When it was begun; `otherwise` where that is not known. */
export function createdAtOf(value: unknown, otherwise: number): number {
  const { createdAt } = (value ?? {}) as { createdAt?: unknown }
  return typeof createdAt === 'number' && Number.isFinite(createdAt) ? createdAt : otherwise
}

export function sameNote(a: Readonly<NoteText>, b: Readonly<NoteText>): boolean {
  return a.title === b.title && a.text === b.text && a.done === b.done && sameTags(a.tags, b.tags)
}

export function sameTags(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((tag, index) => tag === b[index])
}

/** True for a note in which nobody has written anything worth keeping. */
export function isBlank(note: Readonly<NoteText>): boolean {
  return note.title.trim() === '' && note.text.trim() === '' && note.tags.length === 0
}

/** What a note is called where there is room for a line only. */
export function titleOf(note: Readonly<NoteText>): string {
  const title = note.title.trim()
  if (title !== '') return title
  const firstLine = note.text.trimStart().split('\n', 1)[0]?.trim() ?? ''
  return firstLine === '' ? 'Untitled note' : firstLine.slice(0, 80)
}

/** The beginning of the text as one line, without what already stands in for the title. */
export function snippetOf(note: Readonly<NoteText>): string {
  const text = note.title.trim() === '' ? note.text.trimStart().split('\n').slice(1).join('\n') : note.text
  return text.slice(0, 240).replace(/\s+/g, ' ').trim().slice(0, 140)
}

/** Tags as typed, `heron, river bank`: without empty ones, without doubles, without the # that some people type. */
export function parseTags(typed: string): string[] {
  const tags = typed.split(',').map((tag) => tag.trim().replace(/^#+/, '').replace(/\s+/g, ' ').toLowerCase())
  return [...new Set(tags.filter((tag) => tag !== ''))]
}

export function tagsText(tags: readonly string[]): string {
  return tags.join(', ')
}
