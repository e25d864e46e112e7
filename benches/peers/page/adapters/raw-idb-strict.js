// Baseline: as raw-idb, but with durability 'strict': a put resolves after the browser has flushed its transaction to disk.

import { plainIndexedDb } from '../lib/plain-idb.js'

export default plainIndexedDb('raw-idb-strict', 'strict')
