// What is tried: each scenario gets an empty database of its own, and gives what it has seen.

import { createElement as h, memo, Suspense, useState, version } from 'react'
import { useConflicts, useDoc, useLive, useLiveQuery, useSync } from 'eyot/react'

import { counted } from './counted.js'
import { settle, show, until } from './stage.js'

/** The version of React that is really there. */
export const reactVersion = async () => version

/** Three rows, of which one changes. */
export async function rows(db) {
  const notes = db.collection('notes')
  for (const id of ['n1', 'n2', 'n3']) await notes.put(id, { title: id })
  const renders = {}
  const Row = memo(function Row({ doc }) {
    renders[doc.id] = (renders[doc.id] ?? 0) + 1
    return h('li', null, doc.value.title)
  })
  function List() {
    const docs = useLiveQuery(() => notes.query(), [])
    return docs?.map(doc => h(Row, { key: doc.id, doc }))
  }
  const stage = show(h(List))
  await until('all rows are shown', () => stage.text() === 'n1n2n3')
  await settle()
  const before = { ...renders }
  await notes.put('n2', { title: 'changed' })
  await until('the change is shown', () => stage.text() === 'n1changedn3')
  await settle()
  stage.end()
  return { before, after: renders }
}

/** A component in StrictMode, which mounts twice; then it leaves. */
export async function strict(db) {
  const notes = db.collection('notes')
  await notes.put('n1', { title: 'Heron' })
  const record = counted(notes.live('n1'))
  const all = counted(notes.live())
  const records = { live: () => record.live, get: id => notes.get(id) }
  function Page() {
    const doc = useDoc(records, 'n1')
    const docs = useLiveQuery(all.live)
    return h('p', null, doc?.value.title, docs?.length)
  }
  const stage = show(h(Page), { strict: true })
  await until('it is shown', () => stage.text() === 'Heron1')
  await settle()
  const shown = [record.count.standing, all.count.standing]
  const begun = [record.count.begun, all.count.begun]
  await notes.put('n1', { title: 'Teal' })
  await until('the change is shown', () => stage.text() === 'Teal1')
  stage.end()
  return { begun, shown, left: [record.count.standing, all.count.standing] }
}

/** A component that looks at another record with every click, and at none in the end. */
export async function another(db) {
  const notes = db.collection('notes')
  await notes.put('n1', { title: 'Heron' })
  await notes.put('n2', { title: 'Teal' })
  const standing = new Map()
  const records = {
    live: id => {
      const { live, count } = counted(notes.live(id))
      standing.set(id, count)
      return live
    },
  }
  let choose
  function Page() {
    const [id, setId] = useState('n1')
    choose = setId
    return h('p', null, useDoc(records, id)?.value.title ?? 'none')
  }
  const stage = show(h(Page))
  const seen = []
  for (const [id, text] of [['n1', 'Heron'], ['n2', 'Teal'], [undefined, 'none'], ['n3', 'none']]) {
    choose?.(id)
    await until(`${id} is shown`, () => stage.text() === text)
    await settle()
    seen.push([...standing].filter(([, count]) => count.standing > 0).map(([name]) => name).join())
  }
  stage.end()
  seen.push([...standing.values()].reduce((sum, count) => sum + count.standing, 0))
  return seen
}

/** A component that waits in a boundary for a large collection. */
export async function suspended(db) {
  const notes = db.collection('notes')
  await db.batch(tx => {
    for (let index = 0; index < 3_000; index += 1) tx.notes.put(`n${index}`, { title: 'Heron' })
  })
  const seen = new Set()
  function List() {
    const docs = useLiveQuery(() => notes.live(), [], { suspense: true })
    seen.add(docs?.length)
    return h('p', null, docs.length)
  }
  function Note({ id }) {
    return h('p', null, useDoc(notes, id, { suspense: true })?.value.title ?? 'absent')
  }
  const stage = show(h(Suspense, { fallback: 'loading' }, h(List), h(Note, { id: 'n7' }), h(Note, { id: 'x' })))
  await until('something is shown', () => stage.text() !== '')
  const first = stage.text()
  await until('all is shown', () => stage.text() === '3000Heronabsent')
  stage.end()
  return { first, lengths: [...seen].filter(length => length !== 3_000) }
}

/** Everything else that is watched, before there is a database and with one. */
export async function others(db) {
  function Page({ open, sync }) {
    const health = useLive(open?.health)
    const conflicts = useConflicts(open)
    const ofNotes = useConflicts(open?.collection('notes'))
    const status = useSync(sync)
    const doc = useDoc(open?.collection('notes'), 'n1')
    const rows = useLiveQuery(() => open?.collection('notes').live(), [open])
    const words = [typeof health, conflicts.length, ofNotes.length, status?.state, doc?.value.title, rows?.length]
    return h('p', null, words.map(String).join(' '))
  }
  const notes = db.collection('notes')
  const stage = show(h(Page, {}))
  await until('nothing is shown', () => stage.text() !== '')
  const without = stage.text()
  const { context } = await notes.put('n1', { title: 'Heron' })
  stage.render(h(Page, { open: db }))
  await until('the record is shown', () => stage.text().endsWith('Heron 1'))
  const opened = stage.text()
  await notes.put('n1', { title: 'Teal' }, { context: '' })
  await until('the conflict is shown', () => stage.text().includes(' 1 1 '))
  const { context: both } = await notes.get('n1')
  await notes.put('n1', { title: 'Coot' }, { context: both })
  await until('it is over', () => stage.text() === 'object 0 0 undefined Coot 1')
  const sync = db.sync('ws://127.0.0.1:1/v1/sync/none')
  stage.render(h(Page, { open: db, sync }))
  await until('the sync is shown', () => !stage.text().includes(' undefined '))
  sync.stop()
  await until('the sync is off', () => stage.text() === 'object 0 0 off Coot 1')
  stage.end()
  return { without, opened, conflicted: context !== both }
}

/** A page whose database is closed under it. */
export async function closed(db) {
  const notes = db.collection('notes')
  await notes.put('n1', { title: 'Heron' })
  function Page() {
    const docs = useLiveQuery(() => notes.live(), [])
    return h('p', null, useDoc(notes, 'n1')?.value.title, docs?.length)
  }
  const stage = show(h(Page))
  await until('it is shown', () => stage.text() === 'Heron1')
  await db.close()
  await settle()
  stage.render(h(Page))
  await settle()
  const text = stage.text()
  stage.end()
  return text
}
