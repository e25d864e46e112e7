// What a person can do to notes besides typing in one: delete, tick, count, settle a conflict, load samples.
// It always hands back the context of what the person was shown. It knows nothing of how the page looks.
import type { Collection, Doc, Sibling } from 'eyot'
import type { Note, NoteText } from './note.ts'
import { readNote, sightingsOf } from './note.ts'
import { samples } from './samples.ts'

/** Deletes what the person saw. */
export async function deleteNote(notes: Collection<Note>, doc: Doc<Note>): Promise<void> {
  await notes.delete(doc.id, { context: doc.context })
}

export async function toggleDone(notes: Collection<Note>, doc: Doc<Note>): Promise<void> {
  const value = { ...doc.value, done: !readNote(doc.value).done }
  await notes.put(doc.id, value, { context: doc.context })
}

/** Counts one more, or one less. What others count at the same time adds up. Resolves with the number. */
export async function count(notes: Collection<Note>, id: string, by: 1 | -1): Promise<number> {
  const doc = await notes.update(id, (note) => ({ ...note, sightings: Math.max(0, sightingsOf(note) + by) }))
  return sightingsOf(doc.value)
}

/** Keeps one version of a conflict in place of all that the person was shown. */
export async function keepVersion(notes: Collection<Note>, doc: Doc<Note>, version: Sibling<Note>): Promise<void> {
  if (version.deleted) await notes.delete(doc.id, { context: doc.context })
  else await notes.put(doc.id, version.value, { context: doc.context })
}

/** Keeps the note as it is shown, in place of all that the person was shown: an edit beside a deletion. */
export async function keepShown(notes: Collection<Note>, doc: Doc<Note>): Promise<void> {
  await notes.put(doc.id, doc.value, { context: doc.context })
}

/** Settles the fields that are open: each is taken from a version; everything else stays as it has merged. */
export async function keepFields(
  notes: Collection<Note>,
  doc: Doc<Note>,
  chosen: ReadonlyMap<string, Sibling<Note>>,
): Promise<void> {
  const value = new Map<string, unknown>(Object.entries(doc.value))
  for (const [field, version] of chosen) {
    const from = new Map<string, unknown>(Object.entries(version.value ?? {}))
    if (from.has(field)) value.set(field, from.get(field))
    else value.delete(field)
  }
  await notes.put(doc.id, Object.fromEntries(value) as unknown as Note, { context: doc.context })
}

/** Resolves a conflict with what the person made of the versions. `seen` is the document they made it from. */
export async function saveMerge(notes: Collection<Note>, seen: Doc<Note>, merged: NoteText): Promise<void> {
  await notes.put(seen.id, { ...readStored(seen), ...merged }, { context: seen.context })
}

/** Writes the sample notes, each under a new id. */
export async function addSamples(db: SampleTarget, nowMs: number): Promise<number> {
  const all = samples(nowMs)
  await db.batch((tx) => {
    for (const note of all) tx.notes.add(note)
  })
  return all.length
}

interface SampleTarget {
  batch(work: (tx: { readonly notes: { add(value: Note): string } }) => void): Promise<unknown>
}

/** Properties that this version of the app does not know are kept. */
function readStored(doc: Doc<Note>): Partial<Note> {
  try {
    return doc.value
  } catch {
    return {}
  }
}
