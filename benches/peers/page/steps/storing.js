// The steps on one database: W1 to W4, and that everything is there afterwards. Knows no engine.

import { canonical, documentOf, entries, generator, idOf } from '../lib/documents.js'
import { database, destroy, loadEngine, mustHold, written } from '../lib/engines.js'
import { now, quantile, settle, sleep, timeOf } from '../lib/timing.js'

const WARM_UP_GETS = 300
/** The clock has steps of 5 us, so this many gets, awaited one after the other, are timed together. */
const GETS_TOGETHER = 10
const COUNT_LIMIT_MS = 20_000

/** W3: so many documents in one call, into a fresh database. */
export async function bulk({ db, count }) {
  const list = entries(count)
  const open = await database(db)
  await settle()
  return { ms: await timeOf(() => open.bulkPut(list)) }
}

/** W1: in a fresh page: load, open, the first get, the right count. */
export async function reopen({ name, db, count }) {
  const index = (generator(count)() * count) | 0
  const [id, wanted] = [idOf(index), canonical(documentOf(index))]
  await sleep(200)
  const loadMs = await loadEngine(name)
  const start = now()
  const open = await database(db)
  const document = await open.get(id)
  const opened = now()
  if (canonical(document) !== wanted) throw new Error('reopen: wrong document')
  while ((await open.count()) !== count) {
    if (now() - opened > COUNT_LIMIT_MS) throw new Error(`reopen: the count is ${await open.count()}`)
    await sleep(1)
  }
  return { loadMs, openMs: opened - start, countMs: now() - start }
}

/** The database holds the first documents, and so many more after them. */
export async function verify({ db, count, more = 0 }) {
  await mustHold(await database(db), written(count + more), 'after reopening')
}

/** W4: gets one by one, warm; then everything at once. */
export async function gets({ db, count, gets: wanted }) {
  const open = await database(db)
  const random = generator(4)
  const someId = () => idOf((random() * count) | 0)
  for (let at = 0; at < WARM_UP_GETS; at++) await open.get(someId())
  const ids = Array.from({ length: wanted }, someId)
  await settle()
  const times = []
  const start = now()
  for (let at = 0; at < wanted; at += GETS_TOGETHER) {
    const began = now()
    for (const id of ids.slice(at, at + GETS_TOGETHER)) if (!(await open.get(id))) throw new Error(`get: no ${id}`)
    times.push((now() - began) / GETS_TOGETHER)
  }
  const mean = (now() - start) / wanted
  await settle()
  let all
  const allMs = await timeOf(async () => { all = await open.all() })
  if (all.length !== count) throw new Error(`all: ${all.length}`)
  return { p50: quantile(times, 0.5) * 1000, mean: mean * 1000, allMs }
}

/** W2: durable puts of new documents, one after the other, on top of `base` others; ends after `capMs`. */
export async function puts({ db, base, count, capMs }) {
  const list = entries(count, base)
  const open = await database(db)
  await settle()
  const times = []
  const start = now()
  for (const [id, document] of list) {
    const began = now()
    await open.put(id, document)
    times.push(now() - began)
    if (now() - start > capMs) break
  }
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), done: times.length }
}

/** W2: as many puts, all asked for at once and awaited together. */
export async function burst({ db, count }) {
  const list = entries(count)
  const open = await database(db)
  await settle()
  const ms = await timeOf(() => Promise.all(list.map(([id, document]) => open.put(id, document))))
  await mustHold(open, written(count), 'burst')
  return { msPerPut: ms / count }
}

/** The adapter itself: overwrite, delete, count, destroy. */
export async function conform() {
  const open = await database('K')
  const [first, second, third] = entries(3)
  const changed = documentOf(0, 1)
  await open.put(...first)
  await open.put(first[0], changed)
  if (canonical(await open.get(first[0])) !== canonical(changed)) throw new Error('conform: overwritten document')
  await open.bulkPut([first, second, third])
  await mustHold(open, written(3), 'conform')
  await open.del(second[0])
  const deleted = await open.get(second[0]).catch(() => undefined)
  if (deleted !== undefined) throw new Error('conform: the deleted document is still there')
  if ((await open.count()) !== 2) throw new Error('conform: count after delete')
  await destroy('K')
  if ((await (await database('K')).count()) !== 0) throw new Error('conform: not empty after destroy')
}
