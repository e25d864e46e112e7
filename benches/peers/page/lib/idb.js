// The least of IndexedDB that an adapter needs. Every transaction that writes says its durability.

/** Opens a database with these stores: name -> the options of the store, or null. */
export function openDatabase(name, stores) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1)
    request.onupgradeneeded = () => {
      for (const [store, options] of Object.entries(stores)) request.result.createObjectStore(store, options ?? undefined)
    }
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

/** The answer to a request. */
export function answerOf(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

/** A store, to be read. */
export function reading(database, store) {
  return database.transaction(store, 'readonly').objectStore(store)
}

/** Runs `work(...stores)` in one transaction, and resolves when that has completed. */
export function write(database, stores, work, { durability = 'relaxed', commit = true } = {}) {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(stores, 'readwrite', { durability })
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error)
    work(...[stores].flat().map(store => transaction.objectStore(store)))
    if (commit) transaction.commit()
  })
}

/** Removes a database. */
export function deleteDatabase(name) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name)
    request.onsuccess = () => resolve()
    request.onerror = () => reject(request.error)
  })
}
