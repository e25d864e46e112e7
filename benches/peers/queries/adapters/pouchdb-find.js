// PouchDB with its find plugin. It sorts by an index only: without one, what is found is sorted here. It has no live queries:
// an application asks again at each change.

import PouchDB from 'pouchdb-browser'
import find from 'pouchdb-find'
import { NEWEST, RANGE, sorted } from '../questions.js'

PouchDB.plugin(find)

export default {
  async open(name, indexed) {
    const db = new PouchDB(name)
    if (indexed) for (const fields of [['kind', 'updatedAt'], ['n']]) await db.createIndex({ index: { fields } })
    const ask = async question => {
      const { docs } = await db.find(indexed ? byIndex(question) : byFilter(question))
      const rows = docs.map(({ _id, ...doc }) => ({ ...doc, id: _id }))
      return indexed ? rows : sorted(rows, question)
    }
    return {
      fill: list => db.bulkDocs(list.map(({ id, ...doc }) => ({ ...doc, _id: id }))),
      find: ask,
      async watch(question, listener) {
        const changes = db.changes({ since: 'now', live: true }).on('change', () => void ask(question).then(listener))
        await ask(question)
        return () => changes.cancel()
      },
      change: async ({ id, ...doc }) => {
        const { _rev } = await db.get(id)
        await db.put({ ...doc, _id: id, _rev })
      },
    }
  },
}

const selectorOf = ({ kind, from }) => (kind === undefined ? { n: { $gte: from, $lt: from + RANGE } } : { kind })
const byFilter = question => ({ selector: selectorOf(question), limit: 1e9 })

function byIndex(question) {
  if (question.kind === undefined) return { selector: selectorOf(question), sort: ['n'], limit: 1e9 }
  const selector = { kind: question.kind, updatedAt: { $gt: null } }
  return { selector, sort: [{ kind: 'desc' }, { updatedAt: 'desc' }], limit: NEWEST }
}
