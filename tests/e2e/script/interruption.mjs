// The interruption: thousands of records are under way when the relay is killed, first while it receives them, then
// while it sends them.

import { madeNotes } from '../harness/dpkg.mjs'
import { putAll } from '../harness/in-page.mjs'
import { inKilobytes, inThousands } from '../harness/report.mjs'
import { until } from '../harness/wait.mjs'

const noteCount = 5_000
/** Slow enough that there is a middle to be killed in: a note takes about 100 bytes on the wire, packed. */
const slow = { bytesPerSecond: 100_000 }
const killAfterBytes = 100_000
const timeoutMs = 60_000

export async function interrupt(scene) {
  const { left, right, report } = scene
  const watches = await Promise.all(scene.sides.map(async (side) => [side, await side.watchTasks()]))
  // Where right is in the relay's log before anything new is in it.
  const { received } = await right.first.status()
  right.proxy.cut()
  await killWhileReceiving(scene)
  await killWhileSending(scene, received)
  await scene.level()
  for (const [side, longest] of watches) {
    report.longestTask(`${side.name}: 5,000 records and two kills of the relay`, await longest())
  }
  await scene.checkAgreement()
  await scene.shot('7-all-converged')
  for (const { name, proxy } of [left, right]) {
    const { toRelay, toPage } = proxy.carried
    report.figure(`on the wire in all, ${name}`, `${inKilobytes(toPage)} in, ${inKilobytes(toRelay)} out`)
  }
}

async function killWhileReceiving(scene) {
  const { relay, left, report, ledger } = scene
  left.proxy.slowDown(slow)
  const entries = madeNotes(noteCount, 'further')
  const before = left.proxy.carried.toRelay
  const writing = left.spread(entries, putAll)
  ledger.putAll(entries)
  await until('a part is on its way', () => left.proxy.carried.toRelay - before > killAfterBytes, timeoutMs)
  await relay.kill()
  report.say('the relay was killed (SIGKILL) while it received them')
  await writing
  const unsent = await left.first.run(() => window.fieldNotes.sync().unsent)
  report.check(`left has all of them on disk, ${inThousands(unsent)} unsent`, unsent > 0)
  await relay.start()
  if (left.tabs.length > 1) await closeHolder(scene)
  left.proxy.heal()
  for (const tab of left.tabs) await tab.untilSettled(timeoutMs)
  report.say('the relay has all of them')
}

/** Whoever held the sync is closed while it sends; another tab goes on. */
async function closeHolder({ left, report }) {
  const before = left.proxy.carried.toRelay
  await until('it sends again', async () => {
    for (const tab of left.tabs) await tab.lookAgain()
    return left.proxy.carried.toRelay - before > killAfterBytes / 5
  }, timeoutMs)
  const holder = await left.closeHolder()
  const unsent = await holder.run(() => window.fieldNotes.sync().unsent)
  report.check(`the tab that held the sync was closed with ${inThousands(unsent)} records unsent; another tab holds it now`, unsent > 0)
}

async function killWhileSending(scene, place) {
  const { relay, right, report } = scene
  right.proxy.heal()
  right.proxy.slowDown(slow)
  const before = await right.first.count()
  await right.first.lookAgain()
  await right.first.until('a part has come', isInTheMiddle, place, timeoutMs)
  await relay.kill()
  const { received, expected } = await right.first.status()
  const [got, of] = [received, expected].map((position) => inThousands(position - place))
  report.say(`the relay was killed (SIGKILL) when right had received ${got} of ${of} log entries`)
  const during = await right.first.count()
  report.check('right shows nothing of a delta that is not complete', during === before, `${during} records, not ${before}`)
  await right.shot(`${scene.prefix}-6-interrupted`)
  const carried = right.proxy.carried.toPage
  await relay.start()
  right.proxy.heal()
  await scene.level()
  const again = inKilobytes(right.proxy.carried.toPage - carried)
  report.say(`right went on from where it was: ${again} more`)
}

/** In the page. */
function isInTheMiddle(place) {
  const { state, received, expected } = window.fieldNotes.sync()
  return state === 'catching-up' && received > place + 1_000 && expected - received > 1_000
}
