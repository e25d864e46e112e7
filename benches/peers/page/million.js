// The side of `million.mjs` that runs in the page: `window.bench` has the steps.

import { collection, load, open } from 'eyot'
import wasm from 'eyot/eyot_bg.wasm'
import { documentOf, generator } from './lib/documents.js'
import { pageBytes, wasmBytes } from './lib/memories.js'
import { now, quantile, sleep } from './lib/timing.js'

const AT_ONCE = 10_000
const GETS = 200
const PUTS = 300

// In the order in which they are made, as the ids are that `add` gives.
const idOf = index => `d${String(index).padStart(9, '0')}`

async function database(name) {
  const db = await open(name, { collections: { docs: collection() } })
  return { db, docs: db.collection('docs') }
}

/** Writes so many records, and waits until the log is folded. */
async function fill({ records }) {
  await load(new URL(wasm, import.meta.url))
  const { db } = await database('million')
  const watch = new Watch()
  const start = now()
  for (let from = 0; from < records; from += AT_ONCE) {
    const list = Array.from({ length: Math.min(AT_ONCE, records - from) }, (_, index) => documentOf(from + index))
    watch.pause()
    await watch.go(db.batch(tx => { list.forEach((doc, index) => tx.docs.put(idOf(from + index), doc)) }))
  }
  const seconds = (now() - start) / 1000
  await watch.go(sleep(5_000))
  const { usage } = await navigator.storage.estimate()
  await db.close()
  return { seconds, storedMib: usage / 2 ** 20, longestMs: watch.longestMs, ...(await memory()) }
}

/** Opens it, and reads here and there. */
async function cold({ records }) {
  await load(new URL(wasm, import.meta.url))
  const random = generator(now())
  const someId = () => idOf((random() * records) | 0)
  const stored = await lengths()
  const start = now()
  const { db, docs } = await database('million')
  const openMs = now() - start
  if (!(await docs.get(someId()))) throw new Error('cold: no record')
  const firstMs = now() - start
  const count = await docs.count()
  const countMs = now() - start
  if (count !== records) throw new Error(`cold: ${String(count)} records`)
  const times = []
  for (let at = 0; at < GETS; at += 1) {
    const began = now()
    await docs.get(someId())
    times.push(now() - began)
  }
  const early = await memory()
  for (let at = 0; at < 20 * GETS; at += 1) await docs.get(someId())
  const late = await memory()
  await db.close()
  return {
    ...stored, openMs, firstMs, countMs, getP50: quantile(times, 0.5), getP99: quantile(times, 0.99),
    pageMib: early.pageMib, wasmMib: early.wasmMib, latePageMib: late.pageMib, lateWasmMib: late.wasmMib,
  }
}

/** Writes to records all over it, one after the other. */
async function scattered({ records }) {
  await load(new URL(wasm, import.meta.url))
  const random = generator(now())
  const { db, docs } = await database('million')
  const [times, watch] = [[], new Watch()]
  await watch.go((async () => {
    for (let at = 0; at < PUTS; at += 1) {
      const began = now()
      await docs.put(idOf((random() * records) | 0), documentOf(at, 1))
      times.push(now() - began)
    }
    await sleep(5_000)
  })())
  await db.close()
  return { ...spread(times), longestMs: watch.longestMs, ...(await memory()) }
}

/** Writes one record after the other while a large batch is folded. */
async function busy() {
  await load(new URL(wasm, import.meta.url))
  const { db, docs } = await database('busy')
  const list = Array.from({ length: AT_ONCE }, (_, index) => documentOf(index))
  const [quiet, times, watch] = [[], [], new Watch()]
  const put = async into => {
    const began = now()
    await docs.put('one', { at: into.length })
    into.push(now() - began)
    await sleep(2)
  }
  for (let at = 0; at < PUTS; at += 1) await put(quiet)
  for (let round = 0; round < 5; round += 1) {
    await db.batch(tx => { list.forEach((doc, index) => tx.docs.put(idOf(index), { ...doc, round })) })
    await watch.go((async () => { for (let at = 0; at < 100; at += 1) await put(times) })())
  }
  await db.close()
  const alone = spread(quiet)
  return { ...spread(times), aloneP50: alone.p50, aloneP99: alone.p99, longestMs: watch.longestMs }
}

/** A delta arrives, from a replica in this page. */
async function delta({ delta: length }) {
  await load(new URL(wasm, import.meta.url))
  const one = await open('delta', { profile: 'one', collections: { docs: collection() } })
  const other = await open('delta', { profile: 'other', collections: { docs: collection() } })
  const list = Array.from({ length }, (_, index) => documentOf(index))
  await one.batch(tx => { list.forEach((doc, index) => tx.docs.put(idOf(index), doc)) })
  await sleep(3_000)
  const { port1, port2 } = new MessageChannel()
  const watch = new Watch()
  const start = now()
  const peers = [one.join(port1, { calls: true }), other.join(port2, { calls: false })]
  await watch.go(Promise.all(peers.map(peer => peer.caughtUp())))
  const ms = now() - start
  const count = await other.collection('docs').count()
  if (count !== length) throw new Error(`delta: ${String(count)} records`)
  await watch.go(sleep(5_000))
  return { ms, longestMs: watch.longestMs, tasksOver16: watch.over, ...(await memory()) }
}

/** How many segments and pages there are. */
async function lengths() {
  const request = indexedDB.open('eyot:million')
  await new Promise(resolve => { request.onsuccess = resolve })
  const count = name => request.result.transaction(name).objectStore(name).count()
  const counts = ['log', 'pages'].map(count)
  await Promise.all(counts.map(count => new Promise(resolve => { count.onsuccess = resolve })))
  request.result.close()
  return { segments: counts[0].result, pages: counts[1].result }
}

function spread(times) {
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), max: Math.max(...times) }
}

async function memory() {
  globalThis.gc?.()
  await sleep(100)
  return { pageMib: (await pageBytes()) / 2 ** 20, wasmMib: wasmBytes() / 2 ** 20 }
}

/** The longest time for which the page could do nothing else: a message to itself, again and again. */
class Watch {
  longestMs = 0
  over = 0
  #last
  #channel = new MessageChannel()

  constructor() {
    this.#channel.port1.onmessage = () => { this.#tick() }
  }

  /** What comes now is not looked at. */
  pause() {
    this.#last = undefined
  }

  async go(work) {
    this.#last = now()
    this.#channel.port2.postMessage(0)
    try {
      return await work
    } finally {
      this.pause()
    }
  }

  #tick() {
    if (this.#last === undefined) return
    const gap = now() - this.#last
    this.longestMs = Math.max(this.longestMs, gap)
    if (gap > 16) this.over += 1
    this.#last = now()
    this.#channel.port2.postMessage(0)
  }
}

window.bench = { fill, cold, scattered, busy, delta }
