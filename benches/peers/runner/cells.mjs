// The cells: what is done with one engine in one fresh browser, and which rows come out of it. Every cell checks what the
// engine holds outside of what is timed. Knows the steps of the page, but no engine.
//
// A cell is given `{ name, open, size, samples, wants }` and returns the milliseconds of its main step.

import { SLOW_MS, loopMs } from './chromium.mjs'

const PUTS = 300
const PUTS_ON_FULL = 100
const GETS = 2000

/** W2 in an empty database. The page is closed right after the last promise, then all is looked for. */
export async function put({ name, open, samples }) {
  let page = await begin(name, open, samples)
  const puts = await page.step('puts', { db: 'P', base: 0, count: PUTS, capMs: SLOW_MS })
  await page.close()
  samples.addAll(name, puts.done, { 'W2.p50': puts.p50, 'W2.p99': puts.p99 })
  if (puts.done < PUTS) samples.reduced[`${name} W2`] = puts.done
  page = await openLoaded(name, open)
  await page.step('verify', { db: 'P', count: puts.done })
  const burst = await page.step('burst', { db: 'C', count: PUTS })
  samples.add(name, 'W2.burst', burst.msPerPut, PUTS)
  await page.step('conform')
  await page.close()
  return 0
}

/** W1, W3, W4, W10 and W2 on a full database. */
export async function store({ name, open, size, samples, wants }) {
  const page = await begin(name, open, samples)
  const bulk = await page.step('bulk', { db: 'M', count: size })
  await page.close()
  samples.add(name, 'W3.rate', (size / bulk.ms) * 1000, size)
  await reopen({ name, open, size, samples }, 'M', '')
  if (wants('W10')) await memory({ name, open, size, samples })
  const more = wants('W4') || wants('W2') ? await readAndPut({ name, open, size, samples, wants }) : 0
  const last = await openLoaded(name, open)
  await last.step('verify', { db: 'M', count: size, more })
  await last.close()
  return bulk.ms
}

/** W1 and W3 with many documents. */
export async function large({ name, open, size, samples }) {
  const page = await begin(name, open, samples)
  const bulk = await page.step('bulk', { db: 'L', count: size })
  await page.close()
  samples.add(name, 'W3.rate.large', (size / bulk.ms) * 1000, size)
  await reopen({ name, open, size, samples }, 'L', '.large')
  return bulk.ms
}

/** W5 to W8. */
export async function sync({ name, open, size, samples, wants }) {
  const page = await begin(name, open, samples)
  if (!page.loaded.syncs) {
    await page.close()
    return 0
  }
  await page.step('fill', { db: 'A', count: size })
  const full = await page.step('sync')
  samples.addAll(name, size, {
    'W5.rate': (size / full.ms) * 1000,
    'W5.bytes': full.bytes / size,
    'W5.messages': full.messages,
  })
  await page.step('same', { count: size })
  await page.close()
  await syncAgain({ name, open, size, samples, wants })
  return full.ms
}

async function syncAgain({ name, open, size, samples, wants }) {
  const page = await openLoaded(name, open)
  const note = (row, { ms, bytes, messages }) => {
    samples.addAll(name, size, { [`${row}.ms`]: ms, [`${row}.bytes`]: bytes, [`${row}.messages`]: messages })
  }
  await page.step('same', { count: size })
  note('W8.first', await page.step('sync'))
  note('W8', await page.step('sync'))
  await page.step('same', { count: size })
  if (wants('W6')) note('W6', await page.step('incremental', { count: size, each: Math.max(1, size / 100) }))
  if (!wants('W7')) return page.close()
  const conflict = await page.step('conflict', { count: size, changed: size / 20 })
  note('W7', conflict)
  samples.add(name, 'W7.visible', conflict.visible, size)
  await page.close()
  const last = await openLoaded(name, open)
  await last.step('persisted', { digest: conflict.digest })
  return last.close()
}

async function reopen({ name, open, size, samples }, db, ending) {
  const page = await open('/')
  const opened = await page.step('reopen', { name, db, count: size })
  if (ending === '') samples.add(name, 'W1.load', opened.loadMs, size)
  samples.addAll(name, size, { [`W1.open${ending}`]: opened.openMs, [`W1.count${ending}`]: opened.countMs })
  if (ending === '') await page.step('verify', { db, count: size })
  await page.close()
}

async function memory({ name, open, size, samples }) {
  const page = await openLoaded(name, open)
  const { js, wasm } = await page.step('memory', { db: 'M', count: size })
  const mebibytes = { 'W10.js': js, 'W10.wasm': wasm, 'W10.total': js + wasm }
  for (const [row, bytes] of Object.entries(mebibytes)) samples.add(name, row, bytes / 2 ** 20, size)
  await page.close()
}

async function readAndPut({ name, open, size, samples, wants }) {
  const page = await openLoaded(name, open)
  let more = 0
  if (wants('W4')) {
    const gets = await page.step('gets', { db: 'M', count: size, gets: GETS })
    samples.addAll(name, size, { 'W4.p50': gets.p50, 'W4.mean': gets.mean, 'W4.all': gets.allMs })
  }
  if (wants('W2')) {
    const puts = await page.step('puts', { db: 'M', base: size, count: PUTS_ON_FULL, capMs: SLOW_MS / 3 })
    more = puts.done
    samples.addAll(name, size, { 'W2.p50.full': puts.p50, 'W2.p99.full': puts.p99 })
    if (more < PUTS_ON_FULL) samples.reduced[`${name} W2 on ${size}`] = more
  }
  await page.close()
  return more
}

async function begin(name, open, samples) {
  const page = await open('/')
  samples.loopMs.push(await loopMs(page.page))
  const loaded = await page.step('load', { name })
  samples.versions[name] = loaded.versions
  return { ...page, loaded }
}

async function openLoaded(name, open) {
  const page = await open('/')
  await page.step('load', { name })
  return page
}
