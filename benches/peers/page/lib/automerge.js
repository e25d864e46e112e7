// Automerge: its slim entry point and its separate WebAssembly. Persistence: what was saved since the last heads appended to
// a log, folded into a snapshot when the log outgrows it: what automerge-repo does, without its throttling.
// A put resolves at 'complete' of one relaxed transaction. Sync: its own sync protocol; the sync state is kept between two
// syncs through encodeSyncState, as for a reconnection. Siblings: getConflicts.

import * as A from '@automerge/automerge/slim'
import wasm from '@automerge/automerge/automerge.wasm'
import versions from 'versions:@automerge/automerge'
import { deleteDatabase } from './idb.js'
import { Log } from './log.js'
import { Pipe } from './pipe.js'

/** With everything in one change a later sync of a few documents sends the whole document again: the protocol does so when
 * what is missing is a third of all changes. */
const BATCH = 1000
/** About how many bytes a document adds to what is saved. */
const DOCUMENT_BYTES = 100

export function automerge(name, values) {
  return {
    name,
    versions,
    init: () => A.initializeWasm(new URL(wasm, import.meta.url)),
    async open(dbName) {
      const log = await Log.open(dbName)
      return new AutomergeStore(load(await log.load()), log, values)
    },
    destroy: deleteDatabase,
    sync,
  }
}

class AutomergeStore {
  states = new WeakMap()
  #log
  #saved
  #values

  constructor(doc, log, values) {
    this.doc = doc
    this.#log = log
    this.#saved = A.getHeads(doc)
    this.#values = values
  }

  put(id, document) {
    return this.#change(docs => { docs[id] = this.#values.encode(document) })
  }

  bulkPut(list) {
    for (let at = 0; at < list.length; at += BATCH) {
      const part = list.slice(at, at + BATCH)
      this.doc = A.change(this.doc, docs => { for (const [id, document] of part) docs[id] = this.#values.encode(document) })
    }
    return this.persist(list.length * DOCUMENT_BYTES)
  }

  async get(id) {
    return this.#values.decode(this.doc[id])
  }

  del(id) {
    return this.#change(docs => { delete docs[id] })
  }

  async count() {
    return Object.keys(this.doc).length
  }

  async all() {
    return Object.keys(this.doc).map(id => [id, this.#values.decode(this.doc[id])])
  }

  async values(id) {
    const conflicts = A.getConflicts(this.doc, id)
    return (conflicts === undefined ? [this.doc[id]] : Object.values(conflicts)).map(this.#values.decode)
  }

  async close() {
    A.free(this.doc)
    this.#log.close()
  }

  /** Saves what is not saved, about so many bytes. */
  async persist(guess = 0) {
    const [from, heads] = [this.#saved, A.getHeads(this.doc)]
    this.#saved = heads
    if (from.join() === heads.join()) return
    if (this.#log.wantsSnapshot(guess)) await this.#log.snapshot(A.save(this.doc))
    else await this.#log.append(A.saveSince(this.doc, from))
  }

  #change(work) {
    this.doc = A.change(this.doc, work)
    return this.persist()
  }
}

function load(chunks) {
  if (chunks.length === 0) return A.init()
  const whole = new Uint8Array(chunks.reduce((sum, { byteLength }) => sum + byteLength, 0))
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.byteLength
  }
  return A.load(whole)
}

async function sync(a, b) {
  const pipe = new Pipe()
  const received = { a: 0, b: 0 }
  let [stateOfA, stateOfB] = [stateFor(a, b), stateFor(b, a)]
  for (;;) {
    let toA, toB
    ;[stateOfA, toB] = A.generateSyncMessage(a.doc, stateOfA)
    if (toB) {
      received.b += toB.byteLength
      ;[b.doc, stateOfB] = A.receiveSyncMessage(b.doc, stateOfB, pipe.binary(toB))
    }
    ;[stateOfB, toA] = A.generateSyncMessage(b.doc, stateOfB)
    if (toA) {
      received.a += toA.byteLength
      ;[a.doc, stateOfA] = A.receiveSyncMessage(a.doc, stateOfA, pipe.binary(toA))
    }
    if (!toA && !toB) break
  }
  a.states.set(b, A.encodeSyncState(stateOfA))
  b.states.set(a, A.encodeSyncState(stateOfB))
  await Promise.all([a.persist(received.a), b.persist(received.b)])
  return pipe.result()
}

function stateFor(store, other) {
  const kept = store.states.get(other)
  return kept === undefined ? A.initSyncState() : A.decodeSyncState(kept)
}
