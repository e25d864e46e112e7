// A bad network between page and relay: cut in the middle of messages, silent, slow. What arrives is whole all the same.

import assert from 'node:assert/strict'
import { putAll } from '../harness/in-page.mjs'
import { noteOf, notesOf } from '../harness/notes.mjs'
import { pause } from '../harness/wait.mjs'
import { claim } from '../harness/world.mjs'

async function twoSides(world) {
  const relay = await world.relay()
  const side = async (name) => {
    const proxy = await world.proxy(relay)
    return { proxy, tab: await (await world.profile(name, relay.address, { relay: proxy.syncBase })).open() }
  }
  return { relay, left: await side('left'), right: await side('right') }
}

async function assertAgreement(left, right, count) {
  await left.untilLevelWith(right)
  await right.untilLevelWith(left)
  const [one, other] = [await left.view(), await right.view()]
  assert.equal(one.count, count)
  assert.equal(one.digest, other.digest)
}

claim('a_connection_that_breaks_inside_of_messages_loses_nothing', async (world, t) => {
  const { left, right } = await twoSides(world)
  await left.tab.untilSync('live')
  await right.tab.untilSync('live')
  let cuts = 0
  const cutAt = async (proxy, bytes, direction) => {
    await proxy.cutAfter(bytes, direction)
    cuts += 1
    proxy.heal()
  }
  // Breaks one after the other, at places that have nothing to do with where messages begin.
  const breaking = (async () => {
    for (const bytes of [10, 3_001, 60_007, 120_011]) {
      await cutAt(left.proxy, bytes, 'toRelay')
      await left.tab.lookAgain()
    }
  })()
  await left.tab.runInPieces(putAll, notesOf(1_000, 'cut'))
  const settling = left.tab.untilSettled()
  await Promise.all([breaking, settling])
  const incoming = (async () => {
    for (const bytes of [7, 2_003, 90_001]) await cutAt(right.proxy, bytes, 'toPage')
  })()
  await left.tab.runInPieces(putAll, notesOf(1_000, 'more'))
  await Promise.all([incoming, right.tab.untilLevelWith(left.tab)])
  t.diagnostic(`${cuts} cuts inside of messages`)
  await assertAgreement(left.tab, right.tab, 2_000)
})

claim('a_network_that_goes_silent_is_waited_for', async (world) => {
  const { left, right } = await twoSides(world)
  await left.tab.untilSync('live')
  await right.tab.untilSync('live')
  left.proxy.goSilent()
  await left.tab.run(putAll, [['n1', noteOf('Heron')]])
  await pause(1_500)
  const { unsent, state } = await left.tab.status()
  assert.deepEqual([unsent, state], [1, 'catching-up'], 'it says truthfully that this is not sent')
  assert.equal(await right.tab.count(), 0)
  left.proxy.heal()
  await assertAgreement(left.tab, right.tab, 1)
})

claim('a_relay_that_stands_still_is_waited_for', async (world) => {
  const { relay, left, right } = await twoSides(world)
  await left.tab.untilSync('live')
  relay.freeze()
  await left.tab.run(putAll, notesOf(100, 'frozen'))
  await pause(1_500)
  assert.equal((await left.tab.status()).unsent, 100)
  relay.thaw()
  await left.tab.untilSync('live')
  await assertAgreement(left.tab, right.tab, 100)
})

claim('a_slow_network_costs_few_round_trips', async (world, t) => {
  const { left, right } = await twoSides(world)
  await left.tab.untilSync('live')
  right.proxy.cut()
  await left.tab.runInPieces(putAll, notesOf(1_000, 'slow'))
  await left.tab.untilSettled()
  const before = await right.tab.status()
  right.proxy.heal()
  right.proxy.slowDown({ delayMs: 100 })
  const start = performance.now()
  await right.tab.untilLevelWith(left.tab)
  const { bytesIn, roundTrips } = await right.tab.status()
  const tookMs = Math.round(performance.now() - start)
  t.diagnostic(
    `1,000 records over a network of 100 ms a piece and direction: ${tookMs} ms, ${bytesIn - before.bytesIn} bytes in, ` +
      `${roundTrips - before.roundTrips} times something sent and then something heard`,
  )
  await assertAgreement(left.tab, right.tab, 1_000)
})

claim('a_browser_that_has_no_network_says_offline_and_goes_on_by_itself', async (world) => {
  const relay = await world.relay()
  const tab = await (await world.profile('offline', relay.address)).open()
  await tab.untilSync('live')
  await tab.page.context().setOffline(true)
  await tab.run(putAll, [['n1', noteOf('Heron')]])
  await relay.kill()
  await tab.untilSync('offline')
  await relay.start()
  await tab.page.context().setOffline(false)
  await tab.untilSync('live')
  assert.equal((await tab.status()).unsent, 0)
})
