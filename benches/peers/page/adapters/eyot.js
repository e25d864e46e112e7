// Eyot: one collection, used as the package's page shows. Two replicas are two profiles of one database.
// A put resolves when its segment is on disk, at 'complete' of a relaxed transaction. bulkPut is one batch.
// Sync: `join` over a MessageChannel, as two windows would; done when both say that they have caught up, which is when
// everything is durable on both. What crosses is counted on its way.
// Siblings: what every document has.

import { collection, destroy, load, open } from 'eyot'
import wasm from 'eyot/eyot_bg.wasm'
import versions from 'versions:eyot'

const NAME = 'bench'
const profileOf = dbName => dbName.toLowerCase()

export default {
  name: 'eyot',
  versions,
  init: () => load(new URL(wasm, import.meta.url)),
  async open(dbName) {
    const db = await open(NAME, { profile: profileOf(dbName), collections: { docs: collection() } })
    const docs = db.collection('docs')
    return {
      db,
      put: (id, doc) => docs.put(id, doc),
      bulkPut: list =>
        db.batch(tx => {
          for (const [id, doc] of list) tx.docs.put(id, doc)
        }),
      get: async id => (await docs.get(id))?.value,
      del: id => docs.delete(id),
      count: () => docs.count(),
      all: async () => (await docs.list()).map(doc => [doc.id, doc.value]),
      values: async id => (await docs.get(id)).siblings.map(sibling => sibling.value),
      close: () => db.close(),
    }
  },
  destroy: dbName => destroy(NAME, { profile: profileOf(dbName) }),
  async sync(a, b) {
    const counts = { bytes: 0, messages: 0 }
    const { port1, port2 } = new MessageChannel()
    const start = performance.now()
    const one = a.db.join(counted(port1, counts), { calls: true })
    const other = b.db.join(counted(port2, counts), { calls: false })
    await Promise.all([one.caughtUp(), other.caughtUp()])
    // What is said in leaving belongs to no sync.
    const result = { ...counts, ms: performance.now() - start }
    one.leave()
    other.leave()
    return result
  },
}

function counted(port, counts) {
  const channel = {
    send(message) {
      counts.bytes += message.byteLength
      counts.messages += 1
      port.postMessage(message, [message.buffer])
    },
    close: () => port.close(),
    onmessage: null,
    onclose: null,
  }
  port.onmessage = event => channel.onmessage?.(event.data)
  return channel
}
