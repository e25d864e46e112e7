// Baseline: plain IndexedDB, one object store, the document as a structured clone under an out-of-line string key. A put
// resolves at 'complete' of a transaction of its own, durability 'relaxed': handed to the operating system, not flushed.

import { plainIndexedDb } from '../lib/plain-idb.js'

export default plainIndexedDb('raw-idb', 'relaxed')
