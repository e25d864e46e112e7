// The database of the app: its name, its collections and how they merge, said once.
import { collection, counter, open, set } from 'eyot'
import type { CollectionDefinition, Database } from 'eyot'
import { text } from 'eyot/text'
import type { Note } from '../notes/note.ts'
import { databaseName } from '../sync/relay-url.ts'

export type NotesDatabase = Database<{ notes: CollectionDefinition<Note> }>

// Edits of different fields merge; several people write in one text, sightings add up, and tags are a set. Two titles stay open.
const notes = collection<Note>({
  merge: { fields: { text: text(), sightings: counter(), tags: set() } },
  indexes: [['done', 'createdAt'], 'createdAt'],
})

export function openDatabase(): Promise<NotesDatabase> {
  return open(databaseName, { collections: { notes } })
}
