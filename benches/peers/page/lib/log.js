// A log of bytes with a snapshot in front: what engines without a storage of their own persist with. It is folded into a
// new snapshot when it has outgrown it, the policy of automerge-repo's storage. Knows nothing of the bytes.

import { answerOf, openDatabase, reading, write } from './idb.js'

const SMALL_BYTES = 65536

/** A log in a database of its own. */
export class Log {
  #database
  #snapshotBytes = 0
  #tailBytes = 0

  static async open(name) {
    const log = new Log()
    log.#database = await openDatabase(name, { log: { autoIncrement: true } })
    return log
  }

  /** All that was written, the snapshot first. */
  async load() {
    const all = await answerOf(reading(this.#database, 'log').getAll())
    const [first, ...rest] = all.map(({ byteLength }) => byteLength)
    this.#snapshotBytes = first ?? 0
    this.#tailBytes = rest.reduce((sum, bytes) => sum + bytes, 0)
    return all
  }

  append(bytes) {
    this.#tailBytes += bytes.byteLength
    return write(this.#database, 'log', store => store.add(bytes))
  }

  /** True when a snapshot is to be written instead of about so many more bytes. */
  wantsSnapshot(bytes) {
    const tail = this.#tailBytes + bytes
    return tail > SMALL_BYTES && tail > this.#snapshotBytes
  }

  snapshot(bytes) {
    this.#snapshotBytes = bytes.byteLength
    this.#tailBytes = 0
    return write(this.#database, 'log', store => {
      store.clear()
      store.add(bytes)
    })
  }

  close() {
    this.#database.close()
  }
}
