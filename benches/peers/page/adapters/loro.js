// Loro: one LoroDoc with a LoroMap of id -> plain JSON value; its web entry point and its separate WebAssembly.
// Persistence: an update since the last saved version appended to a log, folded into a snapshot when the log outgrows it
// (its documentation: updates often, snapshots now and then). A put resolves at 'complete' of one relaxed transaction.
// Sync: the version vectors, then the updates since the other's version, each way. The last writer of a key wins; the other
// value is not to be seen any more.

import init, { LoroDoc, VersionVector } from 'loro-crdt/web'
import wasm from 'loro-crdt/web/loro_wasm_bg.wasm'
import versions from 'versions:loro-crdt'
import { deleteDatabase } from '../lib/idb.js'
import { Log } from '../lib/log.js'
import { Pipe } from '../lib/pipe.js'

/** About how many bytes a document adds to an update. */
const DOCUMENT_BYTES = 200

export default {
  name: 'loro',
  versions,
  init: () => init({ module_or_path: new URL(wasm, import.meta.url) }),
  open,
  destroy: deleteDatabase,
  async sync(a, b) {
    const pipe = new Pipe()
    const versionOfA = pipe.binary(a.doc.version().encode())
    const versionOfB = pipe.binary(b.doc.version().encode())
    const toB = pipe.binary(a.doc.export({ mode: 'update', from: VersionVector.decode(versionOfB) }))
    const toA = pipe.binary(b.doc.export({ mode: 'update', from: VersionVector.decode(versionOfA) }))
    b.doc.import(toB)
    a.doc.import(toA)
    await Promise.all([a.persist(toA.byteLength), b.persist(toB.byteLength)])
    return pipe.result()
  },
}

async function open(dbName) {
  const log = await Log.open(dbName)
  const chunks = await log.load()
  const doc = new LoroDoc()
  if (chunks.length > 0) doc.importBatch(chunks)
  const map = doc.getMap('docs')
  let saved = doc.version()
  const persist = async (guess = 0) => {
    doc.commit()
    const [from, version] = [saved, doc.version()]
    if (from.compare(version) === 0) return
    saved = version
    if (log.wantsSnapshot(guess)) await log.snapshot(doc.export({ mode: 'snapshot' }))
    else await log.append(doc.export({ mode: 'update', from }))
  }
  return {
    doc,
    persist,
    put: (id, document) => {
      map.set(id, document)
      return persist()
    },
    bulkPut: list => {
      for (const [id, document] of list) map.set(id, document)
      return persist(list.length * DOCUMENT_BYTES)
    },
    get: async id => map.get(id),
    del: id => {
      map.delete(id)
      return persist()
    },
    count: async () => map.size,
    all: async () => Object.entries(map.toJSON()),
    close: async () => {
      log.close()
      doc.free()
    },
  }
}
