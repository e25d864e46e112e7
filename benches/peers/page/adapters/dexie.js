// Dexie: db.docs.put / bulkPut / get / count / toArray with an inbound primary key, as its documentation shows. A put
// outside of an explicit transaction resolves when its own has completed, with the browser's durability: 'relaxed' in
// Chromium. Storage only: no sync.

import Dexie from 'dexie'
import versions from 'versions:dexie'

export default {
  name: 'dexie',
  versions,
  async open(dbName) {
    const db = new Dexie(dbName)
    db.version(1).stores({ docs: 'id' })
    await db.open()
    return {
      put: (id, document) => db.docs.put(document),
      bulkPut: list => db.docs.bulkPut(list.map(([, document]) => document)),
      get: id => db.docs.get(id),
      del: id => db.docs.delete(id),
      count: () => db.docs.count(),
      all: async () => (await db.docs.toArray()).map(document => [document.id, document]),
      close: async () => { db.close() },
    }
  },
  destroy: dbName => Dexie.delete(dbName),
}
