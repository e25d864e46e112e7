// A database that is far larger than the memory that it may take, in headless Chromium: how soon it opens, what a cold
// read costs, what memory it takes, and how long the page is held up while the log is folded and while much arrives.
// Measures, and judges nothing. Knows no engine but Eyot.
//
//   node million.mjs [records] [records of the delta]

import { join } from 'node:path'
import { mkdirSync, writeFileSync } from 'node:fs'
import { build } from 'esbuild'
import { inFreshBrowser, loopMs, versionOf } from './runner/chromium.mjs'
import { COMMON } from './runner/bundle.mjs'
import { dist, harness } from './runner/places.mjs'
import { serve } from './runner/server.mjs'

const [records, delta] = [Number(process.argv[2] ?? 1_000_000), Number(process.argv[3] ?? 50_000)]
const LIMIT_MS = 1_200_000

const outdir = join(dist, 'million')
mkdirSync(outdir, { recursive: true })
await build({ ...COMMON, entryPoints: { page: join(harness, 'page/million.js') }, outdir })
const head = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>bench</title>'
writeFileSync(join(outdir, 'index.html'), `${head}<script type="module" src="page.js"></script>`)
const server = await serve(outdir)
try {
  await inFreshBrowser(server.origin, measure)
} finally {
  server.close()
}

async function measure(open) {
  await inPage(open, async page => {
    console.log(await versionOf(page.page), `loop ${(await loopMs(page.page)).toFixed(0)} ms`)
    print(`fill ${String(records)}`, await page.step('fill', { records }, LIMIT_MS))
  })
  for (const round of [1, 2]) {
    await inPage(open, async page => { print(`open, round ${String(round)}`, await page.step('cold', { records }, LIMIT_MS)) })
  }
  await inPage(open, async page => { print('writes at random places', await page.step('scattered', { records }, LIMIT_MS)) })
  await inPage(open, async page => { print('small writes while the log is folded', await page.step('busy', {}, LIMIT_MS)) })
  await inPage(open, async page => { print(`delta of ${String(delta)}`, await page.step('delta', { delta }, LIMIT_MS)) })
}

async function inPage(open, work) {
  const page = await open('/')
  await work(page)
  await page.close()
}

function print(what, figures) {
  const shown = Object.entries(figures).map(([name, value]) => `${name} ${typeof value === 'number' ? value.toFixed(2) : value}`)
  console.log(`${what}: ${shown.join(', ')}`)
}
