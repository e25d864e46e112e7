// Measures queries: Eyot beside its peers, in headless Chromium, with indexes and without. Knows the order of things and the
// page that it writes, but no engine.
//
//   node queries.mjs [--sizes 1000,50000] [--peers dexie,tinybase] [--out FILE] [--results FILE]
//
// With `--results` what was measured is kept there, and not measured again.

import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { COMMON } from './runner/bundle.mjs'
import { inFreshBrowser, loopMs, versionOf } from './runner/chromium.mjs'
import { dist, harness } from './runner/places.mjs'
import { serve } from './runner/server.mjs'
import { pageOf } from './queries/report.mjs'

const LIVE_SIZE = 50_000
const text = { type: 'string' }
const given = parseArgs({ options: { sizes: text, peers: text, out: text, results: text } }).values
const sizes = (given.sizes ?? '1000,50000,500000').split(',').map(Number)
const adapters = join(harness, 'queries/adapters')
const all = readdirSync(adapters).map(file => basename(file, '.js'))
const engines = all.filter(name => name === 'eyot' || given.peers === undefined || given.peers.split(',').includes(name))

const folder = await bundle()
const server = await serve(folder)
const results = given.results !== undefined && existsSync(given.results) ? JSON.parse(readFileSync(given.results, 'utf8')) : []
try {
  for (const size of sizes) {
    for (const indexed of [true, false]) for (const engine of engines) await once(engine, size, indexed)
  }
} finally {
  server.close()
}
const page = pageOf(results)
if (given.out === undefined) console.log(page)
else writeFileSync(given.out, page)

async function bundle() {
  const outdir = join(dist, 'queries')
  rmSync(outdir, { recursive: true, force: true })
  mkdirSync(outdir, { recursive: true })
  await build({ ...COMMON, entryPoints: { page: join(harness, 'queries/page.js') }, outdir })
  for (const name of engines) {
    await build({ ...COMMON, entryPoints: { adapter: join(adapters, `${name}.js`) }, outdir: join(outdir, name) })
  }
  const head = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>queries</title>'
  writeFileSync(join(outdir, 'index.html'), `${head}<script type="module" src="page.js"></script>`)
  return outdir
}

async function once(engine, size, indexed) {
  const isThis = result => result.engine === engine && result.size === size && result.indexed === indexed
  if (results.some(isThis)) return
  const result = await cell(engine, size, indexed)
  console.error(JSON.stringify(result))
  results.push(result)
  if (given.results !== undefined) writeFileSync(given.results, JSON.stringify(results, null, 1))
}

/** What one engine does with so many documents, in a browser that nobody has used. */
async function cell(engine, size, indexed) {
  const result = { engine, size, indexed }
  try {
    await inFreshBrowser(server.origin, async open => {
      const { page: tab, step } = await open('/')
      result.browser = await versionOf(tab)
      result.loopMs = await loopMs(tab)
      await step('fill', { name: engine, count: size, indexed })
      Object.assign(result, await step('ask'))
      if (size === LIVE_SIZE) result.live = await step('live')
    })
  } catch (error) {
    ;[result.failure] = error.message.split('\n')
  }
  return result
}
