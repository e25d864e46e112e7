// The beginning: one side imports the packages of the machine as notes, the other one opens and gets them.

import { switchSync } from '../harness/app.mjs'
import { packageNotes } from '../harness/dpkg.mjs'
import { putAll } from '../harness/in-page.mjs'
import { inKilobytes, inThousands } from '../harness/report.mjs'

const noteCount = 2_000

export async function begin(scene) {
  const { left, right, report, ledger } = scene
  await left.open()
  report.say(`left is open in ${left.tabs.length} tab(s) on ${new URL(left.profile.address).host}`)
  const { entries, real } = packageNotes(noteCount)
  const longestWriting = await left.watchTasks()
  const start = performance.now()
  await left.spread(entries, putAll)
  ledger.putAll(entries)
  const tookMs = Math.round(performance.now() - start)
  report.say(`left imported ${inThousands(entries.length)} notes (${real} installed packages) in ${tookMs} ms, all on disk`)
  for (const tab of left.tabs) await tab.untilSettled()
  report.longestTask('left: importing and sending 2,000 records', await longestWriting())
  await receive(scene)
  report.say(`right has them: ${inKilobytes(right.proxy.carried.toPage)} received`)
  await scene.checkAgreement()
  await scene.shot('1-synced')
}

/** A new device opens the app, and switches its sync on. */
async function receive(scene) {
  const { right, report } = scene
  await right.open()
  const longest = await right.watchTasks()
  await switchSync(right.first)
  await scene.level()
  const { bytesIn, bytesOut, roundTrips } = await right.first.status()
  report.figure('first sync of right, 2,000 records', `${inKilobytes(bytesIn)} in, ${inKilobytes(bytesOut)} out, ${roundTrips} round trips`)
  report.longestTask('right: first sync', await longest())
}
