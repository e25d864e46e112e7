// W0: small transactions: one put or a few, awaited one after the other or not. Knows no engine.

import { answerOf, deleteDatabase, openDatabase, reading, write } from '../lib/idb.js'
import { quantile, settle, timeOf, timesOf } from '../lib/timing.js'

const TIMES = 300
const WARM_UP = 20
const STORES = { object: null, strict: null, bytes: null, text: null, log: { autoIncrement: true }, one: null, two: null, three: null }

/** Each in another order in every round. */
export async function singleCosts(documents) {
  await deleteDatabase('singles')
  const database = await openDatabase('singles', STORES)
  const measures = Object.entries(singles(database, documents))
  const costs = {}
  for (const [at] of measures.entries()) {
    const [name, work] = measures[(at * 7 + documents.round * 5) % measures.length]
    await settle()
    await timesOf(WARM_UP, work)
    const times = await timesOf(TIMES, at => work(at + WARM_UP))
    costs[`${name}, p50 us`] = quantile(times, 0.5) * 1000
    costs[`${name}, p99 us`] = quantile(times, 0.99) * 1000
  }
  Object.assign(costs, await togetherCosts(database, documents))
  database.close()
  return costs
}

function singles(database, { ids, objects, texts, bytes }) {
  const relaxed = { durability: 'relaxed' }
  return {
    'one put: object, relaxed': at => write(database, 'object', store => store.put(objects[at], ids[at]), relaxed),
    'one put: object, strict': at =>
      write(database, 'strict', store => store.put(objects[at], ids[at]), { durability: 'strict' }),
    'one put: object, relaxed, without commit()': at =>
      write(database, 'object', store => store.put(objects[at], ids[at]), { ...relaxed, commit: false }),
    'one put: 250 bytes': at => write(database, 'bytes', store => store.put(bytes[at], ids[at])),
    'one put: JSON text': at => write(database, 'text', store => store.put(texts[at], ids[at])),
    'one add: 250 bytes, increasing key': at => write(database, 'log', store => store.add(bytes[at])),
    'three puts in one store': at =>
      write(database, 'one', store => { for (const key of [ids[at], at, 'seq']) store.put(bytes[at], key) }),
    'three puts in three stores': at =>
      write(database, ['one', 'two', 'three'], (...stores) => { for (const store of stores) store.put(bytes[at], ids[at]) }),
    'one get': at => answerOf(reading(database, 'object').get(ids[at])),
    'a get, then a put in the same transaction': at => getThenPut(database, objects[at], ids[at]),
  }
}

function getThenPut(database, value, key) {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction('object', 'readwrite', { durability: 'relaxed' })
    const store = transaction.objectStore('object')
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error)
    store.get(key).onsuccess = () => {
      store.put(value, key)
      transaction.commit()
    }
  })
}

/** Many puts that nobody waits for in between. */
async function togetherCosts(database, { ids, objects, bytes }) {
  const costs = {}
  const each = async (name, work) => {
    await settle()
    costs[`${TIMES} puts asked at once, ${name}, us per put`] = ((await timeOf(work)) / TIMES) * 1000
  }
  const indexes = Array.from({ length: TIMES }, (_, at) => at)
  const alone = at => write(database, 'object', store => store.put(objects[at], ids[at]))
  await each('a transaction each', () => Promise.all(indexes.map(alone)))
  const grouped = groupCommit(database)
  await each('grouped', () => Promise.all(indexes.map(at => grouped(ids[at], bytes[at]))))
  return costs
}

/** What arrives while a transaction is under way goes into the next one. */
function groupCommit(database) {
  let waiting = []
  let isBusy = false
  const next = async () => {
    if (isBusy || waiting.length === 0) return
    isBusy = true
    const group = waiting
    waiting = []
    await write(database, 'bytes', store => { for (const { key, value } of group) store.put(value, key) })
    isBusy = false
    for (const { done } of group) done()
    void next()
  }
  return (key, value) =>
    new Promise(done => {
      waiting.push({ key, value, done })
      void next()
    })
}
