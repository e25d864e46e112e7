// The database of the app: its name and its collections, said once.
import { collection, open } from 'eyot'
import type { CollectionDefinition, Database } from 'eyot'
import type { Note } from '../notes/note.ts'
import { databaseName } from '../sync/relay-url.ts'

export type NotesDatabase = Database<{ notes: CollectionDefinition<Note> }>

export function openDatabase(): Promise<NotesDatabase> {
  return open(databaseName, { collections: { notes: collection<Note>() } })
}
