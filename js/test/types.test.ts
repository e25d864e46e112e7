// The types that users see. What is wrong here does not compile; nothing runs.

import { test } from 'node:test'

import { collection } from '../src/definition.js'
import { counter, set } from '../src/merge/kinds.js'
import type { open } from '../src/open.js'
import type { Collection } from '../src/types/collection.js'
import type { Conflict } from '../src/types/database.js'
import type { Doc } from '../src/types/doc.js'
import { openFake, type Note } from './setup.js'

type IsAny<Type> = 0 extends 1 & Type ? true : false
type Same<Left, Right> = [Left, Right, IsAny<Left>] extends [Right, Left, IsAny<Right>] ? true : false

/** Compiles only when the value's type is exactly this one. */
function exactly<Expected>(): <Actual>(value: Actual, same: Same<Actual, Expected>) => void {
  return () => undefined
}

// Never called: its types are the test.
export async function inference(opening: typeof open): Promise<void> {
  const db = await opening('field-notes', { collections: { notes: collection<Note>(), tags: {}, names: collection<string>() } })
  const notes = db.collection('notes')
  exactly<Collection<Note>>()(notes, true)
  exactly<Collection<unknown>>()(db.collection('tags'), true)
  exactly<Collection<string>>()(db.collection<string>('names'), true)
  // @ts-expect-error: there is no such collection
  db.collection('note')
  // @ts-expect-error: nor is there with a type
  db.collection<Note>('note')
  // @ts-expect-error: a note has a title
  await notes.put('n1', { done: true })
  const doc = await notes.get('n1')
  exactly<Doc<Note> | undefined>()(doc, true)
  for (const sibling of doc?.siblings ?? []) {
    if (sibling.deleted) exactly<undefined>()(sibling.value, true)
    else exactly<Note>()(sibling.value, true)
  }
  await db.batch(tx => {
    tx.notes.put('n1', { title: 'Heron' })
    // @ts-expect-error: a name is text
    tx.names.put('x', 5)
  })
  // @ts-expect-error: there is no such option
  await opening('field-notes', { collections: { notes: { merged: 'fields' } } })

  collection<{ likes: number; tags: string[] }>({ merge: { fields: { likes: counter(), tags: set() } } })
  // @ts-expect-error: a text does not count
  collection<Note>({ merge: { fields: { title: counter() } } })
  // @ts-expect-error: a note has no such field
  collection<Note>({ merge: { fields: { likes: counter() } } })
  collection<Note>({ merge: siblings => siblings[0]?.value ?? { title: '' } })

  collection<Note>({ indexes: ['done', ['done', 'title']] })
  // @ts-expect-error: a note has no such field
  collection<Note>({ indexes: ['colour'] })
  collection<{ place: { at: Date } }>({ indexes: ['place.at'] })
  // @ts-expect-error: nor has a date
  collection<{ place: { at: Date } }>({ indexes: ['place.at.year'] })
  await opening('field-notes', { collections: { notes: { indexes: ['anything'] } } })

  const unnamed = await opening('field-notes')
  exactly<Collection<unknown>>()(unnamed.collection('anything'), true)
  exactly<Collection<Note>>()(unnamed.collection<Note>('birds'), true)
}

test('the types of a database follow from its definitions', async () => {
  const { db } = await openFake({ collections: { notes: collection<Note>() } })
  exactly<readonly Conflict[]>()(db.conflicts().snapshot(), true)
})
