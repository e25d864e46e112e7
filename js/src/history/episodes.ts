// The conflicts of a database on disk: an IndexedDB database of their own, which all tabs share. Must not know how conflicts come
// about.

import type { Episode } from './episode.js'

const STORE = 'episodes'
const BY_RECORD = 'record'
const BY_TIME = 'time'

/** Conflicts on disk. Each change is one transaction, so that what two tabs see at once is remembered once. */
export class Episodes {
  readonly #database: IDBDatabase

  private constructor(database: IDBDatabase) {
    this.#database = database
    // It is being destroyed, in another tab perhaps.
    database.onversionchange = () => { database.close() }
  }

  static async open(name: string): Promise<Episodes> {
    const opening = indexedDB.open(name, 1)
    opening.onupgradeneeded = () => {
      const store = opening.result.createObjectStore(STORE, { autoIncrement: true })
      store.createIndex(BY_RECORD, ['collection', 'id'])
      store.createIndex(BY_TIME, 'arosAt')
    }
    return new Episodes(await result(opening))
  }

  /** All of them, the latest first. */
  async all(): Promise<readonly Episode[]> {
    const store = this.#database.transaction(STORE).objectStore(STORE)
    const episodes = (await result(store.index(BY_TIME).getAll())) as Episode[]
    return episodes.reverse()
  }

  /** Replaces the last one of the record by what the function makes of it, or adds that. Returns whether anything changed. */
  async change(collection: string, id: string, after: (last: Episode | undefined) => Episode | undefined): Promise<boolean> {
    const transaction = this.#database.transaction(STORE, 'readwrite')
    const ended = completion(transaction)
    const store = transaction.objectStore(STORE)
    const cursor = await result(store.index(BY_RECORD).openCursor(IDBKeyRange.only([collection, id]), 'prev'))
    const last = cursor?.value as Episode | undefined
    const next = after(last)
    const isChanged = next !== undefined && next !== last
    // One that stands goes on or ends; otherwise another one has begun.
    if (isChanged && last?.standing === true) store.put(next, cursor?.primaryKey)
    else if (isChanged) store.add(next)
    await ended
    return isChanged
  }

  /** Deletes those that the function does not want, which is asked for the latest one first, with how many there are after it. */
  async keep(isWanted: (episode: Episode, later: number) => boolean): Promise<void> {
    const transaction = this.#database.transaction(STORE, 'readwrite')
    const ended = completion(transaction)
    const cursors = transaction.objectStore(STORE).index(BY_TIME).openCursor(null, 'prev')
    let later = 0
    cursors.onsuccess = () => {
      const cursor = cursors.result
      if (cursor === null) return
      if (!isWanted(cursor.value as Episode, later)) cursor.delete()
      later += 1
      cursor.continue()
    }
    await ended
  }

  close(): void {
    this.#database.close()
  }
}

function result<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => { resolve(request.result) }
    request.onerror = () => { reject(request.error ?? new Error('IndexedDB has failed')) }
  })
}

function completion(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => { resolve() }
    transaction.onabort = () => { reject(transaction.error ?? new Error('IndexedDB has aborted')) }
  })
}
