// What a person can do to notes besides typing in one: delete and undo, tick, resolve a conflict, load samples.
// It always hands back the context of what the person was shown. It knows nothing of how the page looks.
import type { Collection, Doc, Sibling } from 'eyot'
import type { Note } from './note.ts'
import { readNote } from './note.ts'
import { samples } from './samples.ts'

/** Deletes what the person saw. Resolves with what undoes it. */
export async function deleteNote(notes: Collection<Note>, doc: Doc<Note>): Promise<() => Promise<void>> {
  const value = doc.value
  const deletion = await notes.delete(doc.id, { context: doc.context })
  return async () => {
    // What another device writes in between stays beside the note that comes back: the context is the deletion's. Where
    // there was nothing left to delete, it is that of what the person saw, unless nothing stands in the way.
    const context = deletion?.context ?? (notes.peek(doc.id) === undefined ? undefined : doc.context)
    await notes.put(doc.id, value, { context })
  }
}

export async function toggleDone(notes: Collection<Note>, doc: Doc<Note>): Promise<void> {
  const value = { ...doc.value, done: !readNote(doc.value).done }
  await notes.put(doc.id, value, { context: doc.context })
}

/** Keeps one version of a conflict in place of all that the person was shown. */
export async function keepVersion(notes: Collection<Note>, doc: Doc<Note>, version: Sibling<Note>): Promise<void> {
  if (version.deleted) await notes.delete(doc.id, { context: doc.context })
  else await notes.put(doc.id, version.value, { context: doc.context })
}

/** Resolves a conflict with what the person made of the versions. `seen` is the document they made it from. */
export async function saveMerge(notes: Collection<Note>, seen: Doc<Note>, merged: Note): Promise<void> {
  await notes.put(seen.id, { ...readStored(seen), ...merged }, { context: seen.context })
}

/** Writes the sample notes, each under a new id. */
export async function addSamples(db: SampleTarget): Promise<number> {
  const all = samples()
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
