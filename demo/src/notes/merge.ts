// Merging by hand begins with a proposal: everything that any version says, and nothing twice. A person then edits it.
// This knows notes and text; it decides nothing about what is stored.
import { diffLines } from 'diff'
import type { Doc } from 'eyot'
import type { Note, NoteText } from './note.ts'
import { readNote } from './note.ts'
import { readVersion } from './versions.ts'

/** Longer texts are not compared line by line: beyond this many edits both are kept one after the other. */
const maximumEdits = 2000

/**
 * A note that contains what each version has. The first version leads: its title and its order of lines stay, lines
 * that only another version has are put where they stood there. A note is done only if every version says so, since
 * doing something twice hurts less than forgetting it.
 */
export function proposeMerge(versions: readonly Readonly<NoteText>[]): NoteText {
  return {
    title: mergeTitles(versions.map((version) => version.title.trim())),
    text: versions.map((version) => version.text).reduce(mergeTexts, ''),
    tags: distinct(versions.flatMap((version) => version.tags)),
    done: versions.length > 0 && versions.every((version) => version.done),
  }
}

/** The proposal for a conflict: what has merged by itself stays, and only what is open is made of all versions. */
export function proposeFor(doc: Doc<Note>): NoteText {
  const all = proposeMerge(doc.siblings.map(readVersion).filter((note) => note !== undefined))
  if (doc.conflicts.length === 0) return all
  const open = Object.entries(all).filter(([field]) => doc.conflicts.includes(field))
  return { ...readNote(doc.value), ...(Object.fromEntries(open) as Partial<NoteText>) }
}

/** Every title once; one which another one contains says nothing more. */
function mergeTitles(titles: readonly string[]): string {
  const different = distinct(titles)
  return different.filter((title) => !different.some((other) => other !== title && other.includes(title))).join(' / ')
}

/** The lines of both texts in one order that keeps the order of each; lines which they share stand once. */
export function mergeTexts(a: string, b: string): string {
  if (a === '' || a === b) return b
  if (b === '') return a
  const parts = diffLines(endLine(a), endLine(b), { maxEditLength: maximumEdits })
  const merged = parts?.map((part) => part.value).join('') ?? `${endLine(a)}\n${b}`
  return a.endsWith('\n') || b.endsWith('\n') ? merged : merged.replace(/\n$/, '')
}

/** Without it the last line of one text would differ from the same line in the middle of the other. */
function endLine(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`
}

function distinct(items: readonly string[]): string[] {
  return [...new Set(items)]
}
