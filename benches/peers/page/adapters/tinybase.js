// TinyBase: a MergeableStore with the table 'docs', one row for a document and one cell for a field (tags an array cell),
// its IndexedDB persister, and a custom synchronizer over the pipe (JSON, `undefined` written as its own synchronizers do).
// A put is setRow and then persister.save(), which resolves when its transaction has completed; the persister writes the
// whole store as one value each time, and opens and closes the database for it.
// Sync: startSync on both, until both tell equal hashes of their contents and the pipe is idle; then both save.

import { createMergeableStore } from 'tinybase/mergeable-store'
import { createIndexedDbPersister } from 'tinybase/persisters/persister-indexed-db'
import { createCustomSynchronizer } from 'tinybase/synchronizers'
import versions from 'versions:tinybase'
import { deleteDatabase } from '../lib/idb.js'
import { Pipe, tick } from '../lib/pipe.js'

const UNDEFINED = '\uFFFC'
const REQUEST_LIMIT_S = 60
const toText = value => JSON.stringify(value, (_, item) => (item === undefined ? UNDEFINED : item))
const fromText = text => JSON.parse(text, (_, item) => (item === UNDEFINED ? undefined : item))

export default { name: 'tinybase', versions, open, destroy: deleteDatabase, sync }

async function open(dbName) {
  const store = createMergeableStore()
  let failure
  const persister = createIndexedDbPersister(store, dbName, undefined, error => { failure = error })
  await persister.load()
  // Loading a database that does not exist yet tells of an error that may be ignored.
  failure = undefined
  const save = async () => {
    await persister.save()
    if (failure !== undefined) throw failure
  }
  const put = (id, { id: _, ...row }) => store.setRow('docs', id, row)
  return {
    store,
    save,
    put: (id, document) => {
      put(id, document)
      return save()
    },
    bulkPut: list => {
      store.transaction(() => { for (const [id, document] of list) put(id, document) })
      return save()
    },
    async get(id) {
      const row = store.getRow('docs', id)
      return 'title' in row ? { id, ...row } : undefined
    },
    del: id => {
      store.delRow('docs', id)
      return save()
    },
    count: async () => store.getRowCount('docs'),
    all: async () => Object.entries(store.getTable('docs')).map(([id, row]) => [id, { id, ...row }]),
    close: async () => { await persister.destroy() },
  }
}

async function sync(a, b) {
  const wire = { pipe: new Pipe(), receivers: {}, flying: 0, failure: undefined }
  const sides = [synchronizer(a.store, 'a', 'b', wire), synchronizer(b.store, 'b', 'a', wire)]
  await Promise.all(sides.map(side => side.startSync()))
  const hashes = ({ store }) => toText(store.getMergeableContentHashes())
  while (wire.flying > 0 || hashes(a) !== hashes(b)) {
    await tick()
    if (wire.failure !== undefined) throw wire.failure
  }
  await Promise.all([a.save(), b.save()])
  const result = wire.pipe.result()
  for (const side of sides) await side.destroy()
  return result
}

function synchronizer(store, own, other, wire) {
  const send = (_, ...message) => {
    const text = wire.pipe.text(toText(message))
    wire.flying += 1
    void tick().then(() => {
      wire.flying -= 1
      wire.receivers[other]?.(own, ...fromText(text))
    })
  }
  const receive = receiver => { wire.receivers[own] = receiver }
  const end = () => { delete wire.receivers[own] }
  const fail = error => { wire.failure = error }
  return createCustomSynchronizer(store, send, receive, end, REQUEST_LIMIT_S, undefined, undefined, fail)
}
