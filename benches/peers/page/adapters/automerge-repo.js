// automerge-repo: one DocHandle whose document is the map of documents (nested objects), its IndexedDB storage adapter, and
// its MessageChannel network adapter between two repos. The repo keeps its sync states itself, and stores them.
// A put is handle.change and then repo.flush: the storage adapter's transaction has completed. Sync: connect, wait until both
// have exchanged sync messages, the channel is idle and the heads are equal; flush both; disconnect. Bytes: the binary data,
// and the JSON length of the rest of each message, which crosses as an object.

import * as A from '@automerge/automerge/slim'
import { Repo, encodeHeads, initializeWasm } from '@automerge/automerge-repo/slim'
import { MessageChannelNetworkAdapter } from '@automerge/automerge-repo-network-messagechannel'
import { IndexedDBStorageAdapter } from '@automerge/automerge-repo-storage-indexeddb'
import wasm from '@automerge/automerge/automerge.wasm'
import versions from 'versions:@automerge/automerge,@automerge/automerge-repo,@automerge/automerge-repo-storage-indexeddb,@automerge/automerge-repo-network-messagechannel'
import { nested } from '../lib/automerge-values.js'
import { deleteDatabase } from '../lib/idb.js'
import { Pipe, tick } from '../lib/pipe.js'

/** One document for all replicas. */
const ID = '4NMNnkMhL8jXrdJ9jamS58PAVdXu'
/** With everything in one change a later sync of a few documents sends the whole document again. */
const BATCH = 1000
let repos = 0

export default {
  name: 'automerge-repo',
  versions,
  init: () => initializeWasm(new URL(wasm, import.meta.url)),
  open,
  destroy: deleteDatabase,
  sync,
}

async function open(dbName) {
  const storage = new IndexedDBStorageAdapter(dbName, 'docs')
  repos += 1
  const repo = new Repo({ storage, network: [], peerId: `peer-${dbName}-${repos}` })
  const handle = await findOrMake(repo)
  const put = list => handle.change(docs => { for (const [id, document] of list) docs[id] = nested.encode(document) })
  const save = () => repo.flush([ID])
  const documentOf = id => nested.decode(handle.doc()[id])
  return {
    repo,
    handle,
    put: (id, document) => {
      put([[id, document]])
      return save()
    },
    bulkPut: list => {
      for (let at = 0; at < list.length; at += BATCH) put(list.slice(at, at + BATCH))
      return save()
    },
    get: async id => documentOf(id),
    del: id => {
      handle.change(docs => { delete docs[id] })
      return save()
    },
    count: async () => Object.keys(handle.doc()).length,
    all: async () => Object.keys(handle.doc()).map(id => [id, documentOf(id)]),
    async values(id) {
      const conflicts = A.getConflicts(handle.doc(), id)
      return conflicts === undefined ? [documentOf(id)] : Object.values(conflicts).map(nested.decode)
    },
    async close() {
      await repo.shutdown()
      ;(await storage.dbPromise).close()
    },
  }
}

async function findOrMake(repo) {
  let handle
  try {
    handle = await repo.find(`automerge:${ID}`)
  } catch {
    await repo.removeFromCache(ID).catch(() => {})
    handle = repo.import(A.save(A.init()), { docId: ID })
    handle.doneLoading?.()
  }
  await handle.whenReady()
  return handle
}

async function sync(a, b) {
  const pipe = new Pipe()
  const { port1, port2 } = new MessageChannel()
  const done = untilAlike(a, b, [port1, port2], pipe)
  const [adapterOfA, adapterOfB] = [new MessageChannelNetworkAdapter(port1), new MessageChannelNetworkAdapter(port2)]
  b.repo.networkSubsystem.addNetworkAdapter(adapterOfB)
  a.repo.networkSubsystem.addNetworkAdapter(adapterOfA)
  await done
  await Promise.all([a.repo.flush([ID]), b.repo.flush([ID])])
  const result = pipe.result()
  a.repo.networkSubsystem.removeNetworkAdapter(adapterOfA)
  b.repo.networkSubsystem.removeNetworkAdapter(adapterOfB)
  for (const { handle } of [a, b]) handle.removeAllListeners('change')
  port1.close()
  port2.close()
  return result
}

/** Counts what crosses; resolves when both have been told something, nothing is on its way, and the heads are equal. */
function untilAlike(a, b, ports, pipe) {
  const told = [0, 0]
  let flying = 0
  const heads = ({ handle }) => encodeHeads(A.getHeads(handle.doc())).sort().join()
  return new Promise(resolve => {
    const check = async () => {
      await tick()
      await tick()
      if (flying === 0 && told.every(count => count > 0) && heads(a) === heads(b)) resolve()
    }
    for (const [side, port] of ports.entries()) {
      const post = port.postMessage.bind(port)
      port.postMessage = (message, transfer) => {
        const { data, ...rest } = message
        // B's hello is lost, as if A was not there yet: else both greet twice, and send all twice.
        if (side === 1 && message.type === 'arrive') return
        pipe.count((data?.byteLength ?? 0) + JSON.stringify(rest).length)
        flying += 1
        post(message, transfer)
      }
      port.addEventListener('message', ({ data }) => {
        flying -= 1
        if (data.type === 'sync' || data.type === 'request') told[side] += 1
        void check()
      })
    }
    for (const { handle } of [a, b]) handle.on('change', () => void check())
  })
}
