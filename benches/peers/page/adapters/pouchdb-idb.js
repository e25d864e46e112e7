// PouchDB with its default adapter in browsers, 'idb'.

import PouchDB from 'pouchdb-browser'
import versions from 'versions:pouchdb-browser'
import { pouchDb } from '../lib/pouchdb.js'

export default pouchDb('pouchdb-idb', 'idb', PouchDB, versions)
