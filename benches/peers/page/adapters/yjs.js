// Yjs: one Y.Doc with a Y.Map of id -> plain JSON value, and y-indexeddb for storage.
// y-indexeddb writes each update in a transaction of its own and offers no promise for it: the adapter watches the
// transactions that it starts, and a put resolves at 'complete' of the last (relaxed by the browser's default). bulkPut is
// one doc.transact, and so one update. Sync: the two steps of y-protocols (state vector, then the missing update) both ways,
// in the encoding v1 of its providers. The last writer wins; the other value is gone.

import * as Y from 'yjs'
import { IndexeddbPersistence, clearDocument } from 'y-indexeddb'
import versions from 'versions:yjs,y-indexeddb'
import { Pipe } from '../lib/pipe.js'

export default {
  name: 'yjs',
  versions,
  open,
  destroy: clearDocument,
  async sync(a, b) {
    const pipe = new Pipe()
    const vectorOfA = pipe.binary(Y.encodeStateVector(a.doc))
    const toA = pipe.binary(Y.encodeStateAsUpdate(b.doc, vectorOfA))
    const vectorOfB = pipe.binary(Y.encodeStateVector(b.doc))
    const toB = pipe.binary(Y.encodeStateAsUpdate(a.doc, vectorOfB))
    Y.applyUpdate(a.doc, toA)
    Y.applyUpdate(b.doc, toB)
    await Promise.all([a.persisted(), b.persisted()])
    return pipe.result()
  },
}

async function open(dbName) {
  const doc = new Y.Doc()
  const persistence = new IndexeddbPersistence(dbName, doc)
  await persistence.whenSynced
  const persisted = watch(persistence.db)
  const map = doc.getMap('docs')
  return {
    doc,
    persisted,
    put: (id, document) => {
      map.set(id, document)
      return persisted()
    },
    bulkPut: list => {
      doc.transact(() => { for (const [id, document] of list) map.set(id, document) })
      return persisted()
    },
    get: async id => map.get(id),
    del: id => {
      map.delete(id)
      return persisted()
    },
    count: async () => map.size,
    all: async () => [...map.entries()],
    close: async () => {
      await persistence.destroy()
      doc.destroy()
    },
  }
}

/** A function that gives the promise of the last transaction that was started on a database. */
function watch(database) {
  let last = Promise.resolve()
  const begin = database.transaction.bind(database)
  database.transaction = (stores, mode, options) => {
    const transaction = begin(stores, mode, options)
    if (mode === 'readonly') return transaction
    last = new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve()
      transaction.onabort = () => reject(transaction.error)
    })
    return transaction
  }
  return () => last
}
