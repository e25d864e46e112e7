// The demo as a script: two browsers edit offline, meet through a relay that comes and goes, and lose nothing. Says what
// happens, line by line, and ends with an error if anything is not as it must be.

import { Report } from './harness/report.mjs'
import { runScript } from './script/run.mjs'

const runs = [
  { title: 'Two browsers with one tab each', prefix: 'one-tab', tabs: 1 },
  { title: 'Two browsers, one of them with three tabs', prefix: 'three-tabs', tabs: 3 },
]

for (const { title, prefix, tabs } of runs) {
  const report = new Report()
  report.heading(title)
  await runScript({ tabs, prefix, report })
  report.heading('Figures')
  report.table()
}
