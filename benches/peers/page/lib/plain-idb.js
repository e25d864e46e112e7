// Plain IndexedDB as an adapter, with the durability that is asked for. No sync: it competes in no row.

import { answerOf, deleteDatabase, openDatabase, reading, write } from './idb.js'

export function plainIndexedDb(name, durability) {
  return {
    name,
    versions: { indexeddb: `built in, ${durability}` },
    open: async dbName => storeOf(await openDatabase(dbName, { docs: null }), durability),
    destroy: deleteDatabase,
  }
}

function storeOf(database, durability) {
  const change = work => write(database, 'docs', work, { durability })
  const docs = () => reading(database, 'docs')
  return {
    put: (id, document) => change(store => store.put(document, id)),
    bulkPut: list => change(store => { for (const [id, document] of list) store.put(document, id) }),
    get: id => answerOf(docs().get(id)),
    del: id => change(store => store.delete(id)),
    count: () => answerOf(docs().count()),
    async all() {
      const store = docs()
      const [ids, documents] = await Promise.all([answerOf(store.getAllKeys()), answerOf(store.getAll())])
      return ids.map((id, at) => [id, documents[at]])
    },
    close: async () => { database.close() },
  }
}
