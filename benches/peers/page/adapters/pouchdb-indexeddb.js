// PouchDB with the newer adapter 'indexeddb', the plugin pouchdb-adapter-indexeddb.

import PouchDB from 'pouchdb-browser'
import adapter from 'pouchdb-adapter-indexeddb'
import versions from 'versions:pouchdb-browser,pouchdb-adapter-indexeddb'
import { pouchDb } from '../lib/pouchdb.js'

PouchDB.plugin(adapter)
export default pouchDb('pouchdb-indexeddb', 'indexeddb', PouchDB, versions)
