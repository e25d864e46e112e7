// What a record showed to whoever was handed a context: a write that hands it back is compared with that, and not with what
// the record shows by then. Must not know what is compared.

import type { RawDoc } from '../shell.js'

// Forms are open for long, but not so many of them.
const KEPT = 500

/** The records as they were when their contexts were handed out; the latest ones. */
export class HandedOut {
  readonly #docs = new Map<string, RawDoc>()

  /** Notes that the context of the record was handed out. */
  note(collection: string, id: string, raw: RawDoc): void {
    const key = keyOf(collection, id, raw.context)
    this.#docs.delete(key)
    this.#docs.set(key, raw)
    if (this.#docs.size <= KEPT) return
    const [oldest] = this.#docs.keys()
    if (oldest !== undefined) this.#docs.delete(oldest)
  }

  /** The record as it was then, if that is still known. */
  find(collection: string, id: string, context: string): RawDoc | undefined {
    return this.#docs.get(keyOf(collection, id, context))
  }
}

function keyOf(collection: string, id: string, context: string): string {
  return JSON.stringify([collection, id, context])
}
