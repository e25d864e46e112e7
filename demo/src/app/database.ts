// The database of the app: its name, its collections and how they merge, said once.
import { collection, counter, open, set } from 'eyot'
import type { CollectionDefinition, Database } from 'eyot'
import type { Note } from '../notes/note.ts'
import { databaseName } from '../sync/relay-url.ts'

export type NotesDatabase = Database<{ notes: CollectionDefinition<Note> }>

// Edits of different fields merge; sightings add up, and tags are a set. What two people write into one field stays open.
const notes = collection<Note>({
  merge: { fields: { sightings: counter(), tags: set() } },
  indexes: [['done', 'createdAt'], 'createdAt'],
})

export function openDatabase(): Promise<NotesDatabase> {
  return open(databaseName, { collections: { notes } })
}
