// The steps on two replicas, A and B: W5 to W8, and that both hold the same afterwards. Knows no engine.

import { canonical, documentOf, entries, sample } from '../lib/documents.js'
import { database, engine, held, mustHold, written } from '../lib/engines.js'
import { settle, sleep } from '../lib/timing.js'

/** Puts the first documents into one of them. */
export async function fill({ db, count }) {
  await (await database(db)).bulkPut(entries(count))
}

/** Both sync until they hold the same, durably: `{ ms, bytes, messages }`. */
export async function sync() {
  const [a, b] = [await database('A'), await database('B')]
  await settle()
  return engine().sync(a, b)
}

/** Both hold exactly the first documents. */
export async function same({ count }) {
  for (const name of ['A', 'B']) await mustHold(await database(name), written(count), name)
}

/** W6: A changes `each` documents and B others; they sync; both hold both changes. */
export async function incremental({ count, each }) {
  const chosen = sample(count, 2 * each, 6)
  const wanted = written(count)
  const change = async (name, indexes, version) => {
    const changed = indexes.map(index => documentOf(index, version))
    for (const document of changed) wanted.set(document.id, canonical(document))
    await (await database(name)).bulkPut(changed.map(document => [document.id, document]))
  }
  await change('A', chosen.slice(0, each), 1)
  await change('B', chosen.slice(each), 2)
  const result = await sync()
  for (const name of ['A', 'B']) await mustHold(await database(name), wanted, `W6 ${name}`)
  return result
}

/**
 * W7: both change the same documents while apart, and sync. Afterwards both show the same, and of all values that were
 * written those are counted that an application can still see.
 */
export async function conflict({ count, changed }) {
  const indexes = sample(count, changed, 7)
  const left = indexes.map(index => documentOf(index, 3, 'left'))
  const right = indexes.map(index => documentOf(index, 4, 'right'))
  const [a, b] = [await database('A'), await database('B')]
  await a.bulkPut(left.map(document => [document.id, document]))
  await sleep(5)
  await b.bulkPut(right.map(document => [document.id, document]))
  const result = await sync()
  const shown = await held(a)
  await mustHold(b, shown, 'W7 B against A')
  const [atA, atB] = [await visible(a, left, right), await visible(b, left, right)]
  if (atA !== atB) throw new Error(`W7: A shows ${atA} values, B ${atB}`)
  return { ...result, visible: atA, digest: await digestOf(shown) }
}

/** After a page load both still hold what the conflict left. */
export async function persisted({ digest }) {
  for (const name of ['A', 'B']) {
    const now = await digestOf(await held(await database(name)))
    if (now !== digest) throw new Error(`W7: ${name} differs after a page load`)
  }
}

async function visible(open, left, right) {
  let seen = 0
  for (const [at, document] of left.entries()) {
    const values = open.values === undefined ? [await open.get(document.id)] : await open.values(document.id)
    const texts = new Set(values.map(canonical))
    for (const written of [document, right[at]]) if (texts.has(canonical(written))) seen += 1
  }
  return seen
}

async function digestOf(map) {
  const text = [...map].map(entry => entry.join()).sort().join('\n')
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
  return [...hash].map(byte => byte.toString(16).padStart(2, '0')).join('')
}
