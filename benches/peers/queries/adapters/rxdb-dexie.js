// RxDB with its free Dexie storage: `find` with `sort` and `limit`, and `$` of it for the live one, which its event-reduce
// brings up to date.

import { createRxDatabase } from 'rxdb'
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie'
import { NEWEST, RANGE } from '../questions.js'

const NUMBER = { type: 'number', minimum: 0, maximum: 2e12, multipleOf: 1 }
const TEXT = { type: 'string' }

export default {
  async open(name, indexed) {
    const db = await createRxDatabase({ name, storage: getRxStorageDexie(), multiInstance: false })
    const { docs } = await db.addCollections({ docs: { schema: schema(indexed) } })
    return {
      fill: async list => {
        const { error } = await docs.bulkInsert(list)
        if (error.length > 0) throw new Error(`bulkInsert: ${error.length} errors`)
      },
      find: question => docs.find(toQuery(question, indexed)).exec(),
      watch: (question, listener) => new Promise(resolve => {
        const watching = docs.find(toQuery(question, indexed)).$.subscribe(rows => {
          resolve(() => watching.unsubscribe())
          listener(rows)
        })
      }),
      change: doc => docs.upsert(doc),
    }
  },
}

function schema(indexed) {
  const properties = { id: { ...TEXT, maxLength: 32 }, title: TEXT, body: TEXT, done: { type: 'boolean' }, tags: { type: 'array', items: TEXT }, n: NUMBER, kind: NUMBER, updatedAt: NUMBER }
  const indexes = indexed ? { indexes: [['kind', 'updatedAt'], 'n'] } : {}
  return { version: 0, primaryKey: 'id', type: 'object', properties, required: ['id', 'n', 'kind', 'updatedAt'], ...indexes }
}

function toQuery({ kind, from }, indexed) {
  if (kind === undefined) {
    const index = indexed ? { index: ['n'] } : {}
    return { selector: { n: { $gte: from, $lt: from + RANGE } }, sort: [{ n: 'asc' }], ...index }
  }
  const index = indexed ? { index: ['kind', 'updatedAt'] } : {}
  return { selector: { kind: { $eq: kind } }, sort: [{ kind: 'desc' }, { updatedAt: 'desc' }], limit: NEWEST, ...index }
}
