// Functions that run inside the page of the demo, where `window.fieldNotes` is. Each stands alone: it is sent there as
// text and sees nothing else of this file.

/** Every record with every version of it, as lines. Equal lines mean equal records and siblings, in equal order. */
export async function linesOfAll() {
  const docs = await window.fieldNotes.notes.list()
  return docs.map((doc) => {
    const versions = doc.siblings.map((one) => [one.version, one.also, one.at, one.replica, one.deleted, one.value ?? null])
    return JSON.stringify([doc.id, doc.context, versions])
  })
}

/** What is in conflict and what is unsent, by the documents themselves. */
export async function stateOfAll() {
  const docs = await window.fieldNotes.notes.list()
  return {
    count: docs.length,
    conflicts: docs.filter((doc) => doc.conflicted).map((doc) => doc.id),
    unsent: docs.filter((doc) => doc.pending).length,
  }
}

/** Every record as `[id, values of its versions]`, a deletion being null. */
export async function contentsOfAll() {
  const docs = await window.fieldNotes.notes.list()
  return docs.map((doc) => [doc.id, doc.siblings.map((one) => (one.deleted ? null : one.value))])
}

export async function countOfAll() {
  return window.fieldNotes.notes.count()
}

/** Writes notes as one batch, and resolves when they are on disk. */
export async function putAll(entries) {
  await window.fieldNotes.db.batch((tx) => {
    for (const [id, value] of entries) tx.notes.put(id, value)
  })
}

/** Puts each note with a call of its own, all asked for at once. */
export async function putEach(entries) {
  const { notes } = window.fieldNotes
  await Promise.all(entries.map(([id, value]) => notes.put(id, value)))
}

export async function deleteEach(ids) {
  const { notes } = window.fieldNotes
  await Promise.all(ids.map((id) => notes.delete(id)))
}

/** The time, in ms, by a clock that goes on when the page is loaded anew. */
export function timeOfPage() {
  return performance.timeOrigin + performance.now()
}

export async function longestTaskSince(start) {
  // Entries are told a moment after their task has ended.
  await new Promise((resolve) => setTimeout(resolve, 60))
  const tasks = window.fieldNotes.longTasks().filter((task) => performance.timeOrigin + task.start >= start)
  return Math.round(Math.max(0, ...tasks.map((task) => task.duration)))
}

/** Whether this very tab holds the lock of the network sync. A lock that only it can have tells its name. */
export async function holdsTheSync() {
  const name = `who-am-i-${crypto.randomUUID()}`
  return navigator.locks.request(name, async () => {
    const { held } = await navigator.locks.query()
    const own = held.find((lock) => lock.name === name).clientId
    return held.some((lock) => lock.name.startsWith('eyot-sync:') && lock.clientId === own)
  })
}
