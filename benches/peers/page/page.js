// The side of the harness that runs in the page: `window.bench` has the steps. Each takes plain values and gives plain
// numbers.

import { pageBytes, wasmBytes } from './lib/memories.js'
import { database, engine, loadEngine } from './lib/engines.js'
import { sleep } from './lib/timing.js'
import * as storing from './steps/storing.js'
import * as syncing from './steps/syncing.js'

/** Loads an engine. */
async function load({ name }) {
  const loadMs = await loadEngine(name)
  return { versions: engine().versions, syncs: engine().sync !== undefined, loadMs }
}

/** W10: memory after opening and reading every document once; without a database, that of the empty page. */
async function memory({ db, count }) {
  if (db !== undefined) {
    const { length } = await (await database(db)).all()
    if (length !== count) throw new Error(`memory: read ${length} documents, not ${count}`)
  }
  await sleep(300)
  globalThis.gc?.()
  await sleep(100)
  globalThis.gc?.()
  return { js: await pageBytes(), wasm: wasmBytes() }
}

window.bench = { load, memory, ...storing, ...syncing }
