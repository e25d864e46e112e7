// What the versions of a note in conflict say, field by field: who wrote what, and when. Pure; knows nothing of the page.
import type { Doc, Sibling } from 'eyot'
import { longTime } from '../page/format.ts'
import type { Note, NoteText } from './note.ts'
import { readNote, tagsText } from './note.ts'

/** One of the values between which a field is open. */
export interface Alternative {
  /** A version that has it. */
  readonly version: Sibling<Note>
  /** In words. */
  readonly text: string
}

/** A field of which somebody has to choose a value. */
export interface OpenField {
  readonly name: string
  readonly label: string
  readonly alternatives: readonly Alternative[]
}

const labels: Readonly<Record<string, string>> = { title: 'Title', text: 'Text', done: 'Done', tags: 'Tags', sightings: 'Sightings', createdAt: 'Begun' }

/** The fields that are open, each with every value that a version has for it, the one that is shown first. */
export function openFields(doc: Doc<Note>): OpenField[] {
  return doc.conflicts.map((name) => ({ name, label: labels[name] ?? name, alternatives: alternativesOf(doc, name) }))
}

/** The version that deleted the note, if one did. */
export function deletionOf(doc: Doc<Note>): Sibling<Note> | undefined {
  return doc.siblings.find((version) => version.deleted)
}

/** The version as a note; `undefined` for a deletion, and for what something newer has written. */
export function readVersion(version: Sibling<Note>): NoteText | undefined {
  try {
    return version.deleted ? undefined : readNote(version.value)
  } catch {
    return undefined
  }
}

/** Which device wrote it, as far as this one can tell. */
export function placeOf(replica: string, ownReplica: string): string {
  if (ownReplica === '') return `Device ${replica.slice(0, 4)}`
  return replica === ownReplica ? 'This device' : 'Another device'
}

function alternativesOf(doc: Doc<Note>, name: string): Alternative[] {
  const found = new Map<string, Alternative>()
  for (const version of doc.siblings) {
    if (version.deleted) continue
    const text = textOf(name, (version.value as unknown as Record<string, unknown>)[name])
    if (!found.has(text)) found.set(text, { version, text })
  }
  return [...found.values()]
}

function textOf(name: string, value: unknown): string {
  if (name === 'done') return value === true ? 'Done' : 'Open'
  if (name === 'createdAt' && typeof value === 'number') return longTime(value)
  if (name === 'tags' && Array.isArray(value)) return tagsText(value as string[])
  if (value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
