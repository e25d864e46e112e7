// Eyot: `query(...).get()`, and `subscribe` for the live one. Indexes are in memory: the first answer includes making one.
// A change shows before it is on disk.

import { collection, load, open } from 'eyot'
import wasm from 'eyot/eyot_bg.wasm'
import { NEWEST, RANGE } from '../questions.js'

const INDEXES = [['kind', 'updatedAt'], 'n']

export default {
  init: () => load(new URL(wasm, import.meta.url)),
  async open(name, indexed) {
    const db = await open(name, { collections: { docs: collection(indexed ? { indexes: INDEXES } : {}) } })
    const docs = db.collection('docs')
    const values = rows => rows.map(({ value }) => value)
    return {
      fill: list => db.batch(tx => { for (const doc of list) tx.docs.put(doc.id, doc) }),
      find: async question => values(await docs.query(toQuery(question)).get()),
      async watch(question, listener) {
        const query = docs.query(toQuery(question))
        await query.get()
        return query.subscribe(rows => listener(values(rows)))
      },
      change: doc => docs.put(doc.id, doc),
    }
  },
}

function toQuery({ kind, from }) {
  if (kind !== undefined) return { where: { kind }, orderBy: { updatedAt: 'desc' }, limit: NEWEST }
  return { where: { n: { gte: from, lt: from + RANGE } }, orderBy: 'n' }
}
