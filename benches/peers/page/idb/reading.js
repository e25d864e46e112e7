// W0: opening a database and reading from it, one value or all. Knows no engine.

import { entries } from '../lib/documents.js'
import { answerOf, openDatabase, reading, write } from '../lib/idb.js'
import { settle, timeOf } from '../lib/timing.js'
import { chunksOf } from './documents.js'

const CHUNKS = [16, 64, 256, 1024, 10_000]
const GETS = 500
const STORES = ['objects', 'texts', 'bytes', ...CHUNKS.map(count => `chunks-${count}`)]

/** Writes what `readingCosts` reads. */
export async function fillForReading({ ids, objects, texts, bytes }) {
  const database = await openDatabase('reading', Object.fromEntries(STORES.map(name => [name, null])))
  const contents = { objects, texts, bytes }
  for (const [name, values] of Object.entries(contents)) {
    await write(database, name, store => { for (const [at, value] of values.entries()) store.put(value, ids[at]) })
  }
  for (const count of CHUNKS) {
    const chunks = chunksOf(bytes, count)
    await write(database, `chunks-${count}`, store => { for (const [at, chunk] of chunks.entries()) store.put(chunk, at) })
  }
  database.close()
}

export async function readingCosts() {
  const costs = {}
  let database
  await settle()
  costs['indexedDB.open, ms'] = await timeOf(async () => { database = await openDatabase('reading', {}) })
  const measure = async (name, factor, work) => {
    await settle()
    costs[name] = (await timeOf(work)) * factor
  }
  for (const name of STORES) await measure(`getAll of 10,000: ${name}, ms`, 1, () => answerOf(reading(database, name).getAll()))
  await measure('getAllKeys of 10,000, ms', 1, () => answerOf(reading(database, 'objects').getAllKeys()))
  await measure('count of 10,000, ms', 1, () => answerOf(reading(database, 'objects').count()))
  await measure('cursor over 10,000, ms', 1, () => walk(reading(database, 'objects')))
  const ids = entries(GETS).map(([id]) => id)
  const get = id => answerOf(reading(database, 'bytes').get(id))
  await measure(`${GETS} gets, one after the other, us per get`, 1000 / GETS, async () => { for (const id of ids) await get(id) })
  await measure(`${GETS} gets asked at once, us per get`, 1000 / GETS, () => Promise.all(ids.map(get)))
  const together = store => Promise.all(ids.map(id => answerOf(store.get(id))))
  await measure(`${GETS} gets in one transaction, us per get`, 1000 / GETS, () => together(reading(database, 'bytes')))
  database.close()
  return costs
}

function walk(store) {
  return new Promise((resolve, reject) => {
    const request = store.openCursor()
    request.onerror = () => reject(request.error)
    request.onsuccess = () => {
      if (request.result === null) resolve()
      else request.result.continue()
    }
  })
}
