// The claims about a browser that is killed at any moment, and about one that throws its database away.

import { claim } from '../e2e/harness/world.mjs'
import { Kills } from './kills.mjs'

const killCount = Number(process.env.EYOT_CRASH_KILLS ?? 6)
const timeoutMs = 180_000 + killCount * 30_000

claim('a_browser_that_is_killed_again_and_again_loses_nothing', async (world, t) => {
  const start = performance.now()
  const kills = await Kills.make(world)
  t.after(() => kills.end())
  const say = (line) => (killCount > 20 ? process.stderr.write(`${line}\n`) : t.diagnostic(line))
  for (let count = 1; count <= killCount; count += 1) {
    await kills.liveAndDie()
    if (count % 10 === 0) say(inWords(kills, start))
  }
  await kills.settle()
  t.diagnostic(`${inWords(kills, start)}; 0 lost, 0 cursors ahead, 0 dots reused`)
}, timeoutMs)

claim('a_profile_whose_database_the_browser_deletes_gets_back_what_was_saved', async (world, t) => {
  const kills = await Kills.make(world)
  t.after(() => kills.end())
  const isDeleted = await kills.haveDatabaseDeleted()
  t.diagnostic(isDeleted ? 'this browser deletes a database whose log is torn' : 'this browser mends a torn log')
})

function inWords({ figures, ledger }, start) {
  const { kills, whileLoading, withTwoTabs, withTheRelay, tornByBrowser } = figures
  const seconds = Math.round((performance.now() - start) / 1_000)
  return (
    `${kills} kills (${whileLoading} while loading, ${withTwoTabs} with two tabs, ${withTheRelay} with the relay) in ${seconds} s: ` +
    `${ledger.acknowledged} writes on disk, ${ledger.saved} of them acknowledged by the relay, ` +
    `${ledger.arrived} arrivals; ${tornByBrowser} times the browser's own log was torn and was mended`
  )
}
