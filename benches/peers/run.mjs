// Measures Eyot beside its peers and plain IndexedDB in headless Chromium, and reports. Knows the order of things, not
// how any of them is done.
//
//   node run.mjs [--only W2,W3] [--peers yjs,loro] [--rounds 5] [--out FILE] [--write] [--report FILE] [--profile]

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { options } from './runner/arguments.mjs'
import { bundle } from './runner/bundle.mjs'
import { measure } from './runner/rounds.mjs'
import { summarise } from './report/summary.mjs'
import { writePages } from './report/pages.mjs'
import { terminal } from './report/terminal.mjs'

const chosen = options()
const summary = chosen.report === undefined ? await measured() : JSON.parse(readFileSync(chosen.report, 'utf8'))
console.log(terminal(summary))
if (chosen.write) writePages(summary)
if (summary.failures.length > 0) process.exitCode = 1

async function measured() {
  console.log(`bundling ${chosen.engines.join(' ')}`)
  const sizes = await bundle(chosen.engines, { named: chosen.profile })
  const samples = await measure(chosen)
  const made = summarise({ ...samples, sizes, options: chosen })
  mkdirSync(dirname(chosen.out), { recursive: true })
  writeFileSync(chosen.out, JSON.stringify(made, null, 1) + '\n')
  return made
}
