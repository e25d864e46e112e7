// W0: one value of random bytes, by its size. Over 64 KiB Chromium makes a file of it. Knows no engine.

import { answerOf, deleteDatabase, openDatabase, reading, write } from '../lib/idb.js'
import { quantile, settle, timesOf } from '../lib/timing.js'

const KIBIBYTES = [0.25, 1, 4, 16, 32, 60, 63, 65, 80, 128, 256, 1024]
const TIMES = 40
/** As much as the browser gives at once. */
const RANDOM_BYTES = 65536

export async function valueSizeCosts() {
  const costs = {}
  for (const kibibytes of KIBIBYTES) {
    await deleteDatabase('sizes')
    const database = await openDatabase('sizes', { docs: null })
    const value = randomBytes(kibibytes * 1024)
    await write(database, 'docs', store => store.put(value, -1))
    await settle()
    const puts = await timesOf(TIMES, at => write(database, 'docs', store => store.put(value, at)))
    const gets = await timesOf(TIMES, at => answerOf(reading(database, 'docs').get(at)))
    costs[`put of ${kibibytes} KiB, p50 us`] = quantile(puts, 0.5) * 1000
    costs[`get of ${kibibytes} KiB, p50 us`] = quantile(gets, 0.5) * 1000
    database.close()
  }
  return costs
}

function randomBytes(length) {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += RANDOM_BYTES) crypto.getRandomValues(bytes.subarray(at, at + RANDOM_BYTES))
  return bytes
}
