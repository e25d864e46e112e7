// The reunion: the relay comes back, both sides hear of each other, and one of them resolves what both had edited.

import assert from 'node:assert/strict'
import { keepThis, mergeByHand, openNote } from '../harness/app.mjs'
import { inKilobytes } from '../harness/report.mjs'
import { commonTitle } from './apart.mjs'

/** How many of the conflicts are resolved with the app's own buttons; the rest by calls. */
const keptByButton = 2
const mergedByHand = 1

export async function reunite(scene) {
  const { relay, report, sides, left, ledger } = scene
  await relay.start()
  const watches = await Promise.all(sides.map(async (side) => [side, await side.watchTraffic(), await side.watchTasks()]))
  await scene.level()
  report.say('the relay is back, and both sides have heard of each other')
  for (const [side, traffic, longest] of watches) {
    const { bytesIn, bytesOut, roundTrips } = await traffic()
    const figures = `${inKilobytes(bytesIn)} in, ${inKilobytes(bytesOut)} out, ${roundTrips} round trips`
    report.figure(`reunion of ${side.name}, 60 changes on each side`, figures)
    report.longestTask(`${side.name}: reunion`, await longest())
  }
  await scene.checkAgreement()
  const [id] = ledger.conflicts
  for (const side of sides) await openNote(side.first, id, commonTitle(ledger.value(id)))
  await left.first.page.getByTestId('conflict').waitFor()
  await scene.shot('4-conflict')
}

export async function resolve(scene) {
  const { report, left, ledger } = scene
  const ids = ledger.conflicts
  for (const id of ids.splice(0, keptByButton)) await keepByButton(left.first, ledger, id)
  for (const id of ids.splice(0, mergedByHand)) await merge(left.first, ledger, id)
  report.say(`left has resolved ${keptByButton} conflicts with "Keep this" and ${mergedByHand} by hand, in the app`)
  for (const [index, id] of ids.entries()) await keepByCall(left.tabs[index % left.tabs.length], ledger, id)
  report.say(`left has resolved the other ${ids.length} by calls`)
  await scene.level()
  await scene.checkAgreement()
  await scene.shot('5-resolved')
}

async function keepByButton(tab, ledger, id) {
  const [shown, { title }] = ledger.values(id)
  const note = await keepThis(tab, id, commonTitle(shown), title)
  checkMerged(note, ledger.values(id), title)
  ledger.put(id, note)
}

async function merge(tab, ledger, id) {
  ledger.put(id, await mergeByHand(tab, id, commonTitle(ledger.value(id)), 'Both banks agree.'))
}

async function keepByCall(tab, ledger, id) {
  const [{ title }] = ledger.values(id)
  const note = await tab.run(async ([key, chosen]) => {
    const { notes } = window.fieldNotes
    const doc = await notes.get(key)
    const { value } = await notes.put(key, { ...doc.value, title: chosen }, { context: doc.context })
    return value
  }, [id, title])
  checkMerged(note, ledger.values(id), title)
  ledger.put(id, note)
}

/** The title is the chosen one, and the text has what each of the two sides has put before it, and the rest of it once. */
function checkMerged(note, versions, title) {
  assert.equal(note.title, title)
  const parts = versions.map(({ text }) => text.split('\n\n'))
  const rest = parts[0].slice(1).join('\n\n')
  assert.ok(note.text.endsWith(rest) && note.text.split(rest).length === 2, note.text)
  // Texts merge character by character: what both have put there in the same words stands once or twice.
  for (const word of parts.flatMap(([line]) => line.match(/left|right/))) assert.ok(note.text.includes(word), note.text)
}
