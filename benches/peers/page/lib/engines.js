// The engine that is measured and its open databases, and what they hold against what they must hold. Knows no engine.

import { canonical, entries } from './documents.js'
import { now } from './timing.js'

let adapter
const databases = new Map()

/** Loads an engine, a bundle of its own, and gives the milliseconds that took. */
export async function loadEngine(name) {
  const start = now()
  adapter = (await import(new URL(`${name}/adapter.js`, location.href).href)).default
  await adapter.init?.()
  return now() - start
}

/** The loaded engine's adapter. */
export const engine = () => adapter

/** The database of that name, opened if it is not open. */
export async function database(name) {
  const open = databases.get(name)
  if (open !== undefined) return open
  const opened = await adapter.open(name)
  databases.set(name, opened)
  return opened
}

/** Closes a database and removes all of it. */
export async function destroy(name) {
  await databases.get(name)?.close()
  databases.delete(name)
  await adapter.destroy(name)
}

/** The first documents as they are first written: id -> canonical text. */
export function written(count, from = 0) {
  return new Map(entries(count, from).map(([id, document]) => [id, canonical(document)]))
}

/** What a database holds: id -> canonical text. */
export async function held(open) {
  return new Map((await open.all()).map(([id, document]) => [id, canonical(document)]))
}

/** Throws unless the database holds exactly this. */
export async function mustHold(open, wanted, where) {
  const there = await held(open)
  if (there.size !== wanted.size) throw new Error(`${where}: holds ${there.size}, not ${wanted.size}`)
  for (const [id, text] of wanted) {
    if (there.get(id) !== text) throw new Error(`${where}: ${id} is ${there.get(id)}, not ${text}`)
  }
}
