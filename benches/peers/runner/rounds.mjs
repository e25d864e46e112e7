// The rounds of a run: every cell once in each, the engines interleaved and their order turning, so that what the machine
// does besides meets all of them. Knows no engine.

import { loadavg } from 'node:os'
import * as cells from './cells.mjs'
import { SLOW_MS, TooSlow, inFreshBrowser, loopMs, versionOf } from './chromium.mjs'
import { dist } from './places.mjs'
import { profiled } from './profile.mjs'
import { Samples } from './samples.mjs'
import { serve } from './server.mjs'

/** Which cells there are, with the rows for which they are run and how far the order of the engines is turned. */
const CELLS = [
  { cell: 'put', rows: ['W2'], turn: 0 },
  { cell: 'store', rows: ['W1', 'W2', 'W3', 'W4', 'W10'], turn: 3 },
  { cell: 'sync', rows: ['W5', 'W6', 'W7', 'W8'], turn: 7 },
  { cell: 'large', rows: ['W1', 'W3'], turn: 9 },
]

/** Measures what is asked for; what fails is among the samples' failures. Interrupted, it ends after the present cell. */
export async function measure(options) {
  const samples = new Samples()
  const instead = path => (options.wasm !== undefined && path.startsWith('/eyot/') && path.endsWith('.wasm') ? options.wasm : undefined)
  const server = await serve(dist, instead)
  const started = { at: Date.now(), load: loadavg()[0] }
  const run = { options, samples, origin: server.origin, wants: row => options.workloads.includes(row), isOver: false }
  process.once('SIGINT', () => { run.isOver = true })
  try {
    for (let round = 0; round < options.rounds && !run.isOver; round++) {
      console.log(`round ${round + 1} of ${options.rounds}`)
      await oneRound(run, round)
      if (!run.isOver) samples.rounds = round + 1
    }
  } finally {
    server.close()
  }
  const minutes = (Date.now() - started.at) / 60_000
  return { samples, minutes, load: [started.load, loadavg()[0]] }
}

async function oneRound(run, round) {
  if (run.wants('W10')) await noting(run, '(empty page)', 'W10', () => emptyPage(run))
  if (run.wants('W0')) await noting(run, '(plain IndexedDB)', 'W0', () => plainCosts(run, round))
  for (const { cell, rows, turn } of CELLS) {
    if (!rows.some(run.wants)) continue
    for (const name of turned(run.options.engines, round, turn)) if (!run.isOver) await oneCell(run, cell, name)
  }
}

function turned(engines, round, turn) {
  const from = (round * 5 + turn) % engines.length
  const order = [...engines.slice(from), ...engines.slice(0, from)]
  return round % 2 === 1 ? order.reverse() : order
}

async function oneCell(run, cell, name) {
  const { samples, options, wants } = run
  const whole = cell === 'large' ? options.large : options.docs
  const key = `${name} ${cell}`
  const size = samples.reduced[key] ?? whole
  const started = Date.now()
  try {
    const mainMs = await inFreshBrowser(run.origin, open =>
      cells[cell]({ name, open: options.profile ? profiled(open) : open, size, samples, wants }),
    )
    if (mainMs > SLOW_MS && size > 1000) samples.reduced[key] = size / 10
    const seconds = ((Date.now() - started) / 1000).toFixed(1)
    console.log(`  ${cell} ${name}${size === whole ? '' : ` (${size} documents)`} ${seconds} s`)
  } catch (error) {
    if (error instanceof TooSlow && size > 1000) samples.reduced[key] = size / 10
    fail(samples, name, cell, error)
  }
}

async function emptyPage({ origin, samples }) {
  await inFreshBrowser(origin, async open => {
    const page = await open('/')
    samples.chromium ??= await versionOf(page.page)
    const { js } = await page.step('memory')
    samples.add('(empty page)', 'W10.total', js / 2 ** 20, 0)
  })
}

async function plainCosts({ origin, samples }, round) {
  await inFreshBrowser(origin, async open => {
    const page = await open('/plain.html')
    samples.chromium ??= await versionOf(page.page)
    samples.loopMs.push(await loopMs(page.page))
    samples.addPlain(await page.step('costs', { round }))
    await page.close()
    const fresh = await open('/plain.html')
    samples.addPlain(await fresh.step('reading'))
  })
}

async function noting({ samples }, engine, cell, work) {
  try {
    await work()
  } catch (error) {
    fail(samples, engine, cell, error)
  }
}

function fail(samples, engine, cell, error) {
  const [message] = String(error.message ?? error).split('\n')
  samples.failures.push({ engine, cell, message })
  console.error(`  ${cell} ${engine} FAILED: ${message}`)
}
