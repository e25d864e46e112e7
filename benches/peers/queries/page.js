// The side of the queries' harness that runs in the page. Each step takes plain values and gives plain numbers.

import { loadEngine, engine } from '../page/lib/engines.js'
import { now, quantile, settle } from '../page/lib/timing.js'
import { answer, KINDS, queried, RANGE } from './questions.js'

const BATCH = 5000
const CHANGES = 40
const AGAIN = 8

let open
let documents

/** Opens a database with so many documents, with indexes or without. */
async function fill({ name, count, indexed }) {
  await loadEngine(name)
  documents = Array.from({ length: count }, (_, index) => queried(index))
  open = await engine().open(`${name}-${count}-${String(indexed)}`, indexed)
  for (let from = 0; from < count; from += BATCH) await open.fill(documents.slice(from, from + BATCH))
  await settle(500)
  return {}
}

/** The milliseconds of the first answer and, where all differ, of the next ones. Every answer is checked. */
async function ask() {
  const times = []
  const questions = [{ kind: 0 }, ...Array.from({ length: AGAIN }, (_, at) => (at % 2 === 0 ? { from: at * RANGE } : { kind: (at >> 1) % KINDS }))]
  for (const question of questions.slice(0, AGAIN)) {
    const start = now()
    const rows = await open.find(question)
    times.push([question.kind === undefined ? 'range' : 'newest', now() - start])
    check(rows, question)
    // What an engine keeps of an answer for a moment is not what is measured.
    await settle(1_200)
  }
  const of = kind => quantile(times.slice(1).filter(([its]) => its === kind).map(([, ms]) => ms), 0.5)
  return { first: times[0][1], newest: of('newest'), range: of('range') }
}

/** The milliseconds from a change to the call with the new rows, in a live query. */
async function live() {
  let called = () => {}
  const stop = await open.watch({ kind: 1 }, rows => called(rows))
  const times = []
  for (let at = 0; at < CHANGES; at += 1) {
    const changed = { ...documents[(at * 7919) % documents.length], kind: 1, updatedAt: 1800000000000 + at }
    documents[(at * 7919) % documents.length] = changed
    const start = now()
    const shown = new Promise(resolve => { called = rows => { if (rows[0].id === changed.id) resolve(rows) } })
    const written = open.change(changed)
    const rows = await shown
    times.push(now() - start)
    await written
    if (at === CHANGES - 1) check(rows, { kind: 1 })
  }
  stop()
  return { p50: quantile(times, 0.5), p95: quantile(times, 0.95) }
}

function check(rows, question) {
  const wanted = answer(documents, question)
  const given = rows.map(({ id }) => id)
  // Where fields are equal, engines have orders of their own.
  const same = given.length === wanted.length && given.filter(id => wanted.includes(id)).length >= wanted.length - 2
  if (!same) throw new Error(`${JSON.stringify(question)}: ${given.length} rows, not these ${wanted.length}`)
}

window.bench = { fill, ask, live }
