// What can be waited for: `saved()` for a relay's acknowledgement, `until(token)` for what another replica has seen.

import assert from 'node:assert/strict'
import { keepDeletion, openNote } from '../harness/app.mjs'
import { deleteEach, putEach } from '../harness/in-page.mjs'
import { noteOf } from '../harness/notes.mjs'
import { staysPending } from '../harness/wait.mjs'
import { claim } from '../harness/world.mjs'

async function twoTabs(world) {
  const relay = await world.relay()
  const [left, right] = [await world.profile('left', relay.address), await world.profile('right', relay.address)]
  return { relay, left: await left.open(), right: await right.open() }
}

claim('saved_resolves_when_a_relay_has_it_on_disk_and_not_before', async (world) => {
  const { relay, left, right } = await twoTabs(world)
  await left.untilSync('live')
  await relay.stop()
  await left.run(putEach, [['n1', noteOf('Heron')]])
  const saved = left.run(() => window.fieldNotes.db.saved())
  assert.equal(await staysPending(saved, 1_000), true)
  await relay.start()
  await left.lookAgain()
  await saved
  // What is acknowledged survives whatever happens to the relay now.
  await relay.kill()
  await left.profile.close()
  await relay.start()
  await right.until('the note has come', () => window.fieldNotes.notes.peek('n1')?.value.title === 'Heron')
})

claim('until_gives_what_was_written_elsewhere', async (world) => {
  const { left, right } = await twoTabs(world)
  await right.untilSync('live')
  for (const title of ['Heron', 'Kingfisher', 'Dipper']) {
    const token = await left.run(async ([name]) => {
      await window.fieldNotes.notes.put('n1', { title: name, text: '', tags: [], done: false })
      return window.fieldNotes.db.token()
    }, [title])
    const seen = await right.run(async ([wanted]) => {
      await window.fieldNotes.db.until(wanted)
      return window.fieldNotes.notes.peek('n1').value.title
    }, [token])
    assert.equal(seen, title)
  }
})

claim('a_note_deleted_here_and_edited_there_is_shown_as_a_conflict', async (world) => {
  const { relay, left, right } = await twoTabs(world)
  await left.run(putEach, [['n1', noteOf('Heron')], ['n2', noteOf('Dipper')]])
  await right.untilLevelWith(left)
  await relay.stop()
  await left.run(deleteEach, ['n1', 'n2'])
  await right.run(putEach, [['n1', noteOf('Heron', 'Seen again.')], ['n2', noteOf('Dipper', 'Seen again.')]])
  await relay.start()
  await left.untilSettled()
  await right.untilLevelWith(left)
  await left.untilLevelWith(right)
  for (const tab of [left, right]) {
    assert.deepEqual((await tab.view()).conflicts, ['n1', 'n2'])
    await openNote(tab, 'n1', 'Heron')
    await tab.page.getByTestId('version-deleted').waitFor()
    await tab.shot(`deleted-and-edited-${tab.profile.name}`)
  }
  await keepDeletion(left, 'n1', 'Heron')
  await right.untilLevelWith(left)
  assert.equal(await right.run(() => window.fieldNotes.notes.peek('n1')), undefined)
  assert.deepEqual((await right.view()).conflicts, ['n2'])
})
