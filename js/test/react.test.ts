// The hooks without a page: on a server. What they do in a browser is tested in one, in tests/react.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createElement, type ReactElement } from 'react'
import { renderToString } from 'react-dom/server'

import { useConflicts, useDoc, useLive, useLiveQuery, useSync } from '../src/react/index.js'
import type { Collection } from '../src/types/collection.js'
import type { Database, Sync } from '../src/types/database.js'
import { openFake, settle } from './setup.js'

interface Given {
  readonly db?: Database
  readonly sync?: Sync
}

function Page({ db, sync }: Given): ReactElement {
  const notes = db?.collection('notes')
  const suspense = db === undefined
  const shown = [
    useLive(db?.health, { suspense }),
    useLiveQuery(() => notes?.live(), [notes], { suspense }),
    useLiveQuery(notes?.live()),
    useDoc(notes, 'n1', { suspense }),
    useDoc(notes, undefined),
    useSync(sync),
    useConflicts(db).length,
  ]
  return createElement('p', null, shown.map(String).join(' '))
}

const NOTHING = '<p>undefined undefined undefined undefined undefined undefined 0</p>'

test('rendering on a server does nothing and gives nothing', () => {
  assert.equal(renderToString(createElement(Page, {})), NOTHING)
})

test('what is rendered on a server is the same with a database, and nothing is watched', async () => {
  const { db, shell } = await openFake()
  await db.collection('notes').put('n1', 'Heron')
  const sync = db.sync('wss://relay.example')
  assert.equal(renderToString(createElement(Page, { db, sync })), NOTHING)
  await settle()
  shell.calls.length = 0
  await db.collection('notes').put('n1', 'Teal')
  await settle()
  assert.deepEqual(shell.calls.filter(call => !call.startsWith('page')), [])
  await db.close()
})

test('the types of the hooks are those of what they watch', () => {
  // Never rendered: its types are the test.
  function Types({ notes }: { notes: Collection<{ title: string }> }): string {
    const rows = useLiveQuery(() => notes.live(), [notes])
    const conflicts = useConflicts(notes)
    // @ts-expect-error: until all are found there are none
    const [first] = rows
    // @ts-expect-error: a note has no such field
    const colour: unknown = conflicts[0]?.value.colour
    const live = useLive(notes.live('n1'))
    return `${String(first)} ${String(colour)} ${live?.value.title ?? ''} ${useDoc(notes, 'n1')?.value.title ?? ''}`
  }
  assert.equal(typeof Types, 'function')
})
