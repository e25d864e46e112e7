// The reunion: the relay comes back, both sides hear of each other, and one of them resolves what both had edited.

import { keepThis, mergeByHand, openNote } from '../harness/app.mjs'
import { inKilobytes } from '../harness/report.mjs'

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
  for (const side of sides) await openNote(side.first, id, ledger.value(id).title)
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
  const kept = ledger.values(id)[1]
  await keepThis(tab, id, kept.title, kept.text)
  ledger.put(id, kept)
}

async function merge(tab, ledger, id) {
  ledger.put(id, await mergeByHand(tab, id, ledger.value(id).title, 'Both banks agree.'))
}

async function keepByCall(tab, ledger, id) {
  const kept = ledger.values(id)[0]
  await tab.run(async ([key, text]) => {
    const { notes } = window.fieldNotes
    const doc = await notes.get(key)
    const sibling = doc.siblings.find((one) => one.value.text === text)
    await notes.put(key, sibling.value, { context: doc.context })
  }, [id, kept.text])
  ledger.put(id, kept)
}
