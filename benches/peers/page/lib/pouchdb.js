// PouchDB with any of its storage adapters. Documents carry _id; a put of a known document needs its _rev, which an
// application has from its last read: the adapter keeps the last one of what it wrote or read.
// A put resolves at 'complete' of PouchDB's transaction, relaxed by the browser's default. Sync: PouchDB.sync in batches of
// 1000 (its documentation: larger batches are faster). Siblings: get with `conflicts`, then each conflicting revision.

import { remote } from './pouchdb-remote.js'
import { Pipe } from './pipe.js'

const BATCH = 1000
const CONFLICT = 409
const MOST_TRIES = 4

export function pouchDb(name, adapter, PouchDB, versions) {
  return {
    name,
    versions,
    async open(dbName) {
      const db = new PouchDB(dbName, { adapter })
      await db.info()
      return new PouchStore(db)
    },
    destroy: dbName => new PouchDB(dbName, { adapter }).destroy(),
    async sync(a, b) {
      const pipe = new Pipe()
      const { push, pull } = await PouchDB.sync(a.db, remote(b.db, pipe), { batch_size: BATCH })
      if (!push.ok || !pull.ok) throw new Error('the sync failed')
      a.forget()
      b.forget()
      return pipe.result()
    },
  }
}

class PouchStore {
  #revisions = new Map()

  constructor(db) {
    this.db = db
  }

  async put(id, document) {
    try {
      await this.#putOver(id, document, this.#revisions.get(id))
    } catch (error) {
      if (error.status !== CONFLICT) throw error
      await this.#putOver(id, document, (await this.db.get(id))._rev)
    }
  }

  async bulkPut(list) {
    let wanted = list.map(([id, document]) => toPouch(id, document, this.#revisions.get(id)))
    for (let tries = 0; wanted.length > 0; tries++) {
      if (tries === MOST_TRIES) throw new Error('bulkDocs keeps conflicting')
      wanted = await this.#bulkOnce(wanted)
    }
  }

  async get(id) {
    const document = await this.db.get(id)
    this.#revisions.set(id, document._rev)
    return fromPouch(document)
  }

  async del(id) {
    await this.db.remove(await this.db.get(id))
  }

  async count() {
    return (await this.db.info()).doc_count
  }

  async all() {
    const { rows } = await this.db.allDocs({ include_docs: true })
    return rows.map(({ id, doc }) => [id, fromPouch(doc)])
  }

  async values(id) {
    const document = await this.db.get(id, { conflicts: true })
    const others = await Promise.all((document._conflicts ?? []).map(rev => this.db.get(id, { rev })))
    return [document, ...others].map(fromPouch)
  }

  /** After a sync the revisions that were noted may be old. */
  forget() {
    this.#revisions.clear()
  }

  close() {
    return this.db.close()
  }

  async #putOver(id, document, revision) {
    this.#revisions.set(id, (await this.db.put(toPouch(id, document, revision))).rev)
  }

  /** Writes documents, and gives those that met a conflict, with the revisions that are there. */
  async #bulkOnce(documents) {
    const again = []
    for (const [at, outcome] of (await this.db.bulkDocs(documents)).entries()) {
      if (outcome.ok) this.#revisions.set(outcome.id, outcome.rev)
      else if (outcome.status === CONFLICT) again.push(documents[at])
      else throw outcome
    }
    if (again.length === 0) return again
    const { rows } = await this.db.allDocs({ keys: again.map(({ _id }) => _id) })
    return again.map((document, at) => ({ ...document, _rev: rows[at].value.rev }))
  }
}

function fromPouch(document) {
  if (document === undefined) return undefined
  const rest = Object.entries(document).filter(([name]) => !name.startsWith('_'))
  return { id: document._id, ...Object.fromEntries(rest) }
}

function toPouch(id, { id: _, ...rest }, revision) {
  return revision === undefined ? { _id: id, ...rest } : { _id: id, _rev: revision, ...rest }
}
