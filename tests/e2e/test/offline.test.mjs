// The app without a relay: it starts, it keeps what is written, it sends it when there is a relay again.

import assert from 'node:assert/strict'
import { putEach } from '../harness/in-page.mjs'
import { noteOf } from '../harness/notes.mjs'
import { claim } from '../harness/world.mjs'

claim('the_app_starts_and_works_without_a_relay_after_its_first_load', async (world) => {
  const relay = await world.relay()
  const profile = await world.profile('offline', relay.address)
  const tab = await profile.open()
  await tab.run(async () => void (await navigator.serviceWorker.ready))
  await tab.run(putEach, [['n1', noteOf('Heron')]])
  await tab.untilSettled()
  assert.equal(await relay.stop(), 0)

  await tab.reload()
  assert.equal(await tab.count(), 1)
  await tab.run(putEach, [['n2', noteOf('Kingfisher')]])
  const second = await profile.open()
  await second.page.locator('[data-testid="note-row"][data-note-id="n2"]').waitFor()
  await second.shot('offline-start')
  await profile.kill()
  const third = await profile.open()
  assert.equal(await third.count(), 2)
  assert.equal(await third.page.locator('[data-unsent="true"]').count(), 1, 'the row of what is not sent is marked')

  await relay.start()
  await third.untilSettled()
  assert.equal(await third.page.locator('[data-testid="note-row"][data-unsent="true"]').count(), 0)
})

claim('what_was_not_sent_when_the_app_was_closed_is_sent_when_it_is_opened_again', async (world) => {
  const relay = await world.relay()
  const [left, right] = [await world.profile('left', relay.address), await world.profile('right', relay.address)]
  const tab = await left.open()
  await tab.untilSync('live')
  await relay.stop()
  await tab.run(putEach, ['n1', 'n2', 'n3'].map((id) => [id, noteOf(id)]))
  await left.close()
  await relay.start()
  const again = await left.open()
  await again.untilSettled()
  const other = await right.open()
  await other.untilLevelWith(again)
  assert.equal(await other.count(), 3)
})
