// Dexie: a compound index read backwards with `limit`, a range of a simple one; without indexes `filter` and `sortBy`.
// `liveQuery` asks again when a change concerns what was read.

import Dexie, { liveQuery } from 'dexie'
import { NEWEST, RANGE } from '../questions.js'

export default {
  async open(name, indexed) {
    const db = new Dexie(name)
    db.version(1).stores({ docs: indexed ? 'id, [kind+updatedAt], n' : 'id' })
    await db.open()
    const find = ({ kind, from }) => (indexed ? byIndex(db.docs, kind, from) : byFilter(db.docs, kind, from))
    return {
      fill: list => db.docs.bulkPut(list),
      find,
      watch: (question, listener) => new Promise((resolve, reject) => {
        const next = rows => {
          resolve(() => watching.unsubscribe())
          listener(rows)
        }
        const watching = liveQuery(() => find(question)).subscribe({ next, error: reject })
      }),
      change: doc => db.docs.put(doc),
    }
  },
}

function byIndex(docs, kind, from) {
  if (kind === undefined) return docs.where('n').between(from, from + RANGE, true, false).toArray()
  const ofKind = docs.where('[kind+updatedAt]').between([kind, Dexie.minKey], [kind, Dexie.maxKey])
  return ofKind.reverse().limit(NEWEST).toArray()
}

async function byFilter(docs, kind, from) {
  if (kind === undefined) return docs.filter(({ n }) => n >= from && n < from + RANGE).sortBy('n')
  return (await docs.filter(doc => doc.kind === kind).reverse().sortBy('updatedAt')).slice(0, NEWEST)
}
