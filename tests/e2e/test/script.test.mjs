// The demo script, as a test: all that it claims, with one tab and with three.

import { Report } from '../harness/report.mjs'
import { claim } from '../harness/world.mjs'
import { runScript } from '../script/run.mjs'

const timeoutMs = 240_000

for (const tabs of [1, 3]) {
  claim(`two_browsers_lose_nothing_whatever_comes_between_them_with_${tabs}_tabs`, async (world, t) => {
    const report = new Report((line) => t.diagnostic(line))
    await runScript({ world, tabs, prefix: `test-${tabs}-tabs`, report })
    report.table()
  }, timeoutMs)
}
