// Where the history of a database's conflicts is kept, and its end. Must not know what is in it.

/** The name of the IndexedDB database, for each copy of the database on this device. */
export function historyPlace(name: string, profile: string | undefined): string {
  return `eyot-history:${name}${profile === undefined ? '' : `@${profile}`}`
}

/** Deletes the history, if there is one: as soon as no tab has it open. */
export function destroyHistory(name: string, profile: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const deletion = indexedDB.deleteDatabase(historyPlace(name, profile))
    deletion.onsuccess = deletion.onblocked = () => { resolve() }
    deletion.onerror = () => { reject(deletion.error ?? new Error('IndexedDB has failed')) }
  })
}
