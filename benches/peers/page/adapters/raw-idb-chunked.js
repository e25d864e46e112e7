// Baseline: 256 documents (JSON text as UTF-8) in one value, all values of a call in one transaction; a single put appends
// a chunk of one document. Nothing is compacted, nothing is deleted on disk: this is the ceiling of what storage can do.
// Opening loads every chunk with one getAll and notes where each document is; get decodes one from memory. A put resolves
// at 'complete' of its transaction, durability 'relaxed'.

import { answerOf, deleteDatabase, openDatabase, reading, write } from '../lib/idb.js'

const CHUNK = 256
const encoder = new TextEncoder()
const decoder = new TextDecoder()

export default {
  name: 'raw-idb-chunked',
  versions: { indexeddb: 'built in, relaxed' },
  async open(dbName) {
    const database = await openDatabase(dbName, { chunks: { autoIncrement: true } })
    const places = new Map()
    for (const chunk of await answerOf(reading(database, 'chunks').getAll())) notePlaces(places, chunk)
    return storeOf(database, places)
  },
  destroy: deleteDatabase,
}

function storeOf(database, places) {
  const decoded = ([chunk, from, to]) => JSON.parse(decoder.decode(chunk.subarray(from, to)))
  const put = async list => {
    const chunks = []
    for (let at = 0; at < list.length; at += CHUNK) chunks.push(encode(list.slice(at, at + CHUNK)))
    const written = write(database, 'chunks', store => { for (const chunk of chunks) store.add(chunk) })
    for (const chunk of chunks) notePlaces(places, chunk)
    await written
  }
  return {
    put: (id, document) => put([[id, document]]),
    bulkPut: put,
    get: async id => (places.has(id) ? decoded(places.get(id)) : undefined),
    del: async id => { places.delete(id) },
    count: async () => places.size,
    all: async () => [...places].map(([id, place]) => [id, decoded(place)]),
    close: async () => { database.close() },
  }
}

/** `[u32 count][u32 bytes of ids][u32 end of each document ...][ids joined by newlines][documents]` */
function encode(list) {
  const texts = list.map(([, document]) => JSON.stringify(document))
  const ids = encoder.encode(list.map(([id]) => id).join('\n'))
  const head = 8 + 4 * list.length + ids.length
  const bytes = new Uint8Array(head + 3 * texts.reduce((sum, { length }) => sum + length, 0))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, list.length, true)
  view.setUint32(4, ids.length, true)
  bytes.set(ids, 8 + 4 * list.length)
  let end = head
  for (const [at, text] of texts.entries()) {
    end += encoder.encodeInto(text, bytes.subarray(end)).written
    view.setUint32(8 + 4 * at, end, true)
  }
  return bytes.slice(0, end)
}

/** Notes where the documents of a chunk are: id -> `[chunk, from, to]`. */
function notePlaces(places, chunk) {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  const count = view.getUint32(0, true)
  let from = 8 + 4 * count + view.getUint32(4, true)
  const ids = decoder.decode(chunk.subarray(8 + 4 * count, from)).split('\n')
  for (let at = 0; at < count; at++) {
    const to = view.getUint32(8 + 4 * at, true)
    places.set(ids[at], [chunk, from, to])
    from = to
  }
}
