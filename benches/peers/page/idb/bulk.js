// W0: many documents in one transaction, one in a value or many. Knows no engine.

import { deleteDatabase, openDatabase, write } from '../lib/idb.js'
import { quantile, settle, timeOf, timesOf } from '../lib/timing.js'
import { chunksOf } from './documents.js'

const CHUNKS = [16, 64, 256, 1024, 10_000]
const REWRITES = 60
const REWRITTEN = 40

/** 10,000 documents in one transaction. */
export async function bulkCosts({ ids, objects, texts, bytes }) {
  const each = (store, values) => { for (const [at, value] of values.entries()) store.put(value, ids[at]) }
  const measures = [
    ['objects', { docs: null }, store => each(store, objects)],
    ['JSON text', { docs: null }, store => each(store, texts)],
    ['bytes', { docs: null }, store => each(store, bytes)],
    ['objects, key in the object', { docs: { keyPath: 'id' } }, store => { for (const value of objects) store.put(value) }],
    ['bytes, increasing key', { docs: { autoIncrement: true } }, store => { for (const value of bytes) store.add(value) }],
    ...CHUNKS.map(count => {
      const chunks = chunksOf(bytes, count)
      const work = store => { for (const chunk of chunks) store.add(chunk) }
      return [`chunks of ${count}`, { docs: { autoIncrement: true } }, work]
    }),
  ]
  const costs = {}
  for (const [name, stores, work] of measures) costs[`bulk 10,000: ${name}, ms`] = await bulkMs(stores, work)
  return costs
}

/** One chunk of so many documents is written again. */
export async function chunkCosts({ bytes }) {
  const costs = {}
  for (const count of [1, ...CHUNKS]) {
    await deleteDatabase('chunks')
    const database = await openDatabase('chunks', { docs: null })
    const chunks = chunksOf(bytes, count).slice(0, REWRITTEN)
    await write(database, 'docs', store => { for (const [at, chunk] of chunks.entries()) store.put(chunk, at) })
    await settle()
    const rewrite = at => write(database, 'docs', store => store.put(chunks[at % chunks.length], at % chunks.length))
    costs[`a chunk of ${count} documents written again, p50 us`] = quantile(await timesOf(REWRITES, rewrite), 0.5) * 1000
    database.close()
  }
  return costs
}

async function bulkMs(stores, work) {
  await deleteDatabase('bulk')
  const database = await openDatabase('bulk', stores)
  await settle()
  const ms = await timeOf(() => write(database, 'docs', work))
  database.close()
  return ms
}
