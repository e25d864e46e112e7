// RxDB with its free Dexie storage: upsert / bulkUpsert / findByIds / count().exec(), multiInstance off. A put resolves when
// the Dexie transaction has completed, relaxed by the browser's default.
// Sync: replicateRxCollection on A (its replication primitives, batches of 1000, paused between two syncs) against B behind
// RxDB's own rxStorageInstanceToReplicationHandler, which its websocket server uses; calls and answers cross as JSON, and one
// call is two messages. A is the fork, B the master: RxDB's default conflict handler keeps the master's document.

import { createRxDatabase, defaultConflictHandler, rxStorageInstanceToReplicationHandler } from 'rxdb'
import { replicateRxCollection } from 'rxdb/plugins/replication'
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie'
// RxDB brings a Dexie of its own.
import versions from 'versions:rxdb,rxjs'
import { deleteDatabase } from '../lib/idb.js'
import { Pipe } from '../lib/pipe.js'

const BATCH = 1000

const schema = {
  version: 0,
  primaryKey: 'id',
  type: 'object',
  properties: {
    id: { type: 'string', maxLength: 32 },
    title: { type: 'string' },
    body: { type: 'string' },
    done: { type: 'boolean' },
    tags: { type: 'array', items: { type: 'string' } },
    n: { type: 'number' },
    updatedAt: { type: 'number' },
  },
  required: ['id'],
}

export default { name: 'rxdb-dexie', versions, open, destroy, sync }

async function open(dbName) {
  const db = await createRxDatabase({ name: dbName, storage: getRxStorageDexie(), multiInstance: false })
  const { docs } = await db.addCollections({ docs: { schema } })
  return {
    db,
    docs,
    replications: new Map(),
    put: (id, document) => docs.upsert(document),
    async bulkPut(list) {
      const { error } = await docs.bulkUpsert(list.map(([, document]) => document))
      if (error.length > 0) throw new Error(`bulkUpsert: ${error.length} errors`)
    },
    get: async id => (await docs.findByIds([id]).exec()).get(id)?.toJSON(),
    del: async id => { await docs.bulkRemove([id]) },
    count: () => docs.count().exec(),
    all: async () => (await docs.find().exec()).map(document => [document.primary, document.toJSON()]),
    close: () => db.close(),
  }
}

async function destroy(dbName) {
  for (const { name } of await indexedDB.databases()) {
    if (name.startsWith(`rxdb-dexie-${dbName}--`)) await deleteDatabase(name)
  }
}

async function sync(a, b) {
  const pipe = new Pipe()
  a.pipe = pipe
  const running = a.replications.get(b)
  const replication = running ?? replicate(a, b)
  if (running !== undefined) await running.start()
  else await replication.awaitInitialReplication()
  await replication.awaitInSync()
  if (a.failure !== undefined) throw a.failure
  const result = pipe.result()
  await replication.pause()
  return result
}

function replicate(a, b) {
  const master = rxStorageInstanceToReplicationHandler(b.docs.storageInstance, defaultConflictHandler, b.db.token)
  const pull = async (checkpoint, count) => {
    a.pipe.json(['pull', checkpoint, count])
    return a.pipe.json(await master.masterChangesSince(checkpoint, count))
  }
  const push = async rows => a.pipe.json(await master.masterWrite(a.pipe.json(rows)))
  const replication = replicateRxCollection({
    replicationIdentifier: `peer-${b.db.name}`,
    collection: a.docs,
    live: true,
    waitForLeadership: false,
    retryTime: 1000,
    pull: { batchSize: BATCH, handler: pull },
    push: { batchSize: BATCH, handler: push },
  })
  a.replications.set(b, replication)
  replication.error$.subscribe(error => { a.failure = error })
  return replication
}
