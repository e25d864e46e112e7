// Profiles that are copied or set back, as people do with whole browsers: each goes on, under a name of its own, with
// everything that anybody wrote.

import assert from 'node:assert/strict'
import { contentsOfAll, putEach } from '../harness/in-page.mjs'
import { Ledger } from '../harness/ledger.mjs'
import { noteOf, notesOf } from '../harness/notes.mjs'
import { claim } from '../harness/world.mjs'

/** Writes notes of its own, which only this tab has. */
async function write(tab, ledger, prefix, count = 10) {
  const entries = notesOf(count, prefix)
  await tab.run(putEach, entries)
  ledger.putAll(entries)
}

async function assertHasAll(tabs, ledger) {
  for (const tab of tabs) {
    assert.deepEqual(ledger.differences(await tab.run(contentsOfAll)), [], `at ${tab.profile.name}`)
    assert.deepEqual(tab.errors, [])
  }
}

/** Each has seen all that the others have, and nobody has anything unsent. */
async function untilAllAreLevel(tabs) {
  for (const tab of tabs) {
    await tab.lookAgain()
    await tab.untilSettled()
  }
  for (const tab of tabs) for (const other of tabs) await tab.untilLevelWith(other)
}

/** The name under which this tab writes now. */
async function replicaOf(tab, ledger) {
  const [id, note] = [`by-${tab.profile.name}-${ledger.ids.length}`, noteOf(`By ${tab.profile.name}`)]
  await tab.run(putEach, [[id, note]])
  ledger.put(id, note)
  return tab.run((key) => window.fieldNotes.notes.peek(key).siblings[0].replica, id)
}

/** The codes of the lines that the page shows to a person. */
function noticesOn(tab) {
  return tab.page.getByTestId('notice').evaluateAll((lines) => lines.map((line) => line.dataset.code))
}

claim('a_copied_profile_becomes_a_device_of_its_own_and_no_write_is_lost', async (world) => {
  const relay = await world.relay()
  const proxy = await world.proxy(relay)
  const original = await world.profile('original', relay.address, { relay: proxy.syncBase })
  const ledger = new Ledger()
  const before = await original.open()
  await write(before, ledger, 'before')
  await before.untilSettled()
  // Unsent in the original, so unsent in the copy as well.
  proxy.cut()
  await write(before, ledger, 'unsent')
  await original.close()
  const copy = await world.copyOf(original, 'copy')

  const tabs = [await original.open(), await copy.open()]
  const names = new Set([await replicaOf(tabs[0], ledger), await replicaOf(tabs[1], ledger)])
  assert.equal(names.size, 1, 'nobody can have noticed yet')
  for (const tab of tabs) await write(tab, ledger, `offline-${tab.profile.name}`)
  // Both replace the same note: two people on two devices, and so a conflict.
  const both = tabs.map((tab) => noteOf('Heron', `Seen by ${tab.profile.name}`))
  for (const [index, tab] of tabs.entries()) await tab.run(putEach, [['before-0', both[index]]])
  ledger.concur('before-0', both)

  proxy.heal()
  await untilAllAreLevel(tabs)
  await assertHasAll(tabs, ledger)
  const now = [await replicaOf(tabs[0], ledger), await replicaOf(tabs[1], ledger)]
  assert.notEqual(now[0], now[1])
  for (const tab of tabs) await write(tab, ledger, `online-${tab.profile.name}`)
  await untilAllAreLevel(tabs)
  await assertHasAll(tabs, ledger)

  const notices = await Promise.all(tabs.map(noticesOn))
  assert.deepEqual(notices.flat(), ['replica-forked'], 'one of them is the copy, and says so')
  for (const tab of tabs) await tab.shot(`copied-profile-${tab.profile.name}`)
  // Somebody who was never here gets the same from the relay.
  const other = await (await world.profile('other', relay.address)).open()
  await untilAllAreLevel([other, ...tabs])
  await assertHasAll([other], ledger)
})

claim('a_profile_that_is_set_back_gets_everything_back_and_keeps_what_it_writes_since', async (world) => {
  const relay = await world.relay()
  const proxy = await world.proxy(relay)
  const profile = await world.profile('set-back', relay.address, { relay: proxy.syncBase })
  const ledger = new Ledger()
  const first = await profile.open()
  await write(first, ledger, 'first')
  await first.untilSettled()
  const name = await replicaOf(first, ledger)
  await first.untilSettled()
  await profile.close()
  const backup = await world.copyOf(profile, 'backup')

  const second = await profile.open()
  await write(second, ledger, 'second')
  await second.untilSettled()
  await profile.close()
  await profile.setBackTo(backup.folder)

  proxy.cut()
  const third = await profile.open()
  assert.equal(await third.run(() => window.fieldNotes.notes.peek('second-0')), undefined, 'it is set back')
  // As many as were sent before: the same numbers, other contents.
  await write(third, ledger, 'third')
  proxy.heal()
  const other = await (await world.profile('other', relay.address)).open()
  await untilAllAreLevel([third, other])
  await assertHasAll([third, other], ledger)
  assert.notEqual(await replicaOf(third, ledger), name)
  assert.deepEqual(await noticesOn(third), ['replica-forked'])
  await untilAllAreLevel([third, other])
  await assertHasAll([third, other], ledger)
})
