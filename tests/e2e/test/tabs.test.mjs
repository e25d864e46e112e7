// Tabs of one profile: what one writes shows in the other, soon.

import assert from 'node:assert/strict'
import { noteOf } from '../harness/notes.mjs'
import { claim } from '../harness/world.mjs'

const tries = 20

claim('a_change_in_one_tab_shows_in_another', async (world, t) => {
  const relay = await world.relay()
  // Without the network's sync: this is about the way from tab to tab.
  const profile = await world.profile('tabs', relay.address, { sync: 'off' })
  const [writer, reader] = [await profile.open(), await profile.open()]
  await reader.run(noteArrivals)
  const tookMs = []
  for (let count = 0; count < tries; count += 1) {
    const id = `n${count}`
    const writtenAt = await writer.run(putAndTellWhen, [id, noteOf(id)])
    const shownAt = await reader.until('the change shows', (key) => window.arrivals.get(key), id)
    tookMs.push(shownAt - writtenAt)
  }
  tookMs.sort((a, b) => a - b)
  const [median, longest] = [tookMs[tries >> 1], tookMs[tries - 1]].map((ms) => ms.toFixed(1))
  t.diagnostic(`from put in one tab to the listener in another: median ${median} ms, longest of ${tries} ${longest} ms`)
  assert.equal(await reader.count(), tries)
})

/** In the page: when each id was first seen by a listener, by a clock that all tabs share. */
function noteArrivals() {
  window.arrivals = new Map()
  window.fieldNotes.notes.subscribe((_docs, { ids }) => {
    const now = performance.timeOrigin + performance.now()
    for (const id of ids) if (!window.arrivals.has(id)) window.arrivals.set(id, now)
  })
}

async function putAndTellWhen([id, note]) {
  const now = performance.timeOrigin + performance.now()
  await window.fieldNotes.notes.put(id, note)
  return now
}

claim('concurrent_writes_of_many_tabs_are_all_kept', async (world) => {
  const relay = await world.relay()
  const profile = await world.profile('tabs', relay.address)
  const tabs = [await profile.open(), await profile.open(), await profile.open()]
  const [perTab, first] = [50, tabs[0]]
  await Promise.all(tabs.map((tab, index) => tab.run(async ([prefix, count]) => {
    const { notes } = window.fieldNotes
    const note = { title: prefix, text: '', tags: [], done: false }
    const puts = Array.from({ length: count }, (_, at) => notes.put(`${prefix}-${at}`, note))
    // All of them write this one as well: each replaces what it sees.
    for (let at = 0; at < count; at += 1) puts.push(notes.put('shared', { ...note, text: `${prefix} ${at}` }))
    await Promise.all(puts)
  }, [`tab${index}`, perTab])))
  for (const tab of tabs) await tab.untilSettled()
  const views = await Promise.all(tabs.map((tab) => tab.view()))
  assert.equal(views[0].count, tabs.length * perTab + 1)
  assert.deepEqual(new Set(views.map((view) => view.digest)).size, 1)
  const other = await (await world.profile('other', relay.address)).open()
  await other.untilLevelWith(first)
  assert.equal((await other.view()).digest, views[0].digest)
})
