// All documents of a collection, held in order and brought up to date: a large collection is read in slices, and after
// that only what has changed. Must not know who watches.

import type { Connection } from './connection.js'
import { isListed } from './doc.js'
import { compareIds } from './names.js'
import { report } from './report.js'
import { SortedDocs } from './sorted-docs.js'
import { AWAY, type Store } from './store.js'
import { endOfTurn } from './turn.js'
import type { ChangeCause } from './types/collection.js'
import type { Doc } from './types/doc.js'
import { yieldToPage } from './yield-to-page.js'

// How many records are read before the page gets its turn; fewer where the turn ends before.
const SLICE_RECORDS = 500
const STEP_RECORDS = 50

/** What a copy is of, and whom it tells. */
export interface CopySource {
  readonly connection: Connection
  readonly store: Store
  readonly collection: string
  /** Of the records that are not valid, instead of those that are. */
  readonly invalid?: boolean
  /** Is called when there is something new to look at. */
  readonly announce: () => void
}

/** The documents of a collection. */
export class CollectionCopy {
  readonly #source: CopySource
  readonly #docs = new SortedDocs()
  #loaded = false
  /** Reading for the first time has come to this id. */
  #readTo: string | undefined
  #announcedRecords = 0
  /** Changed records that have not been read again, and why they changed. */
  readonly #stale = new Map<string, ChangeCause>()
  /** Records that are different in the list, and nobody has been told. */
  readonly #untold = new Map<string, ChangeCause>()
  #refreshing = false
  #cancelled = false

  constructor(source: CopySource) {
    this.#source = source
  }

  /** Whether the whole collection has been read. */
  get loaded(): boolean {
    return this.#loaded
  }

  /** The documents as they were last read. */
  get docs(): readonly Doc<unknown>[] {
    return this.#docs.snapshot()
  }

  /** Reads the first slice at once, and the others with room for the page in between. */
  load(): void {
    const step = this.#readSlice()
    if (step !== 'done') void this.#inSlices(step, () => this.#readSlice())
  }

  /** Notes that records have changed. */
  note(ids: readonly string[], cause: ChangeCause): void {
    for (const id of ids) {
      // What has not been read yet will be read as it is then.
      if (this.#loaded || (this.#readTo !== undefined && compareIds(id, this.#readTo) <= 0)) this.#stale.set(id, cause)
    }
    if (this.#stale.size > 0) this.#source.announce()
  }

  /**
   * The documents as they are now; when very much has changed, as they were before all of it until all of it is read:
   * what became visible together is not shown in parts.
   */
  current(): readonly Doc<unknown>[] {
    if (this.#stale.size > 0 && !this.#refreshing) this.#refresh()
    return this.docs
  }

  /** What is different in the list since this was asked last. */
  takeUntold(): { ids: readonly string[]; causes: readonly ChangeCause[] } {
    const untold = this.takeUntoldCauses()
    return { ids: [...untold.keys()], causes: [...new Set(untold.values())] }
  }

  /** The same, with the cause of each. */
  takeUntoldCauses(): ReadonlyMap<string, ChangeCause> {
    const untold = new Map(this.#untold)
    this.#untold.clear()
    return untold
  }

  /** Ends all reading. */
  cancel(): void {
    this.#cancelled = true
  }

  /** Reads the next slice for the first time. */
  #readSlice(): Step {
    const slice = new Slice()
    let away = false
    while (!this.#loaded && !away && slice.hasRoom(STEP_RECORDS)) away = this.#readStep()
    // Who goes through the whole list with each call does so a few times, not once for each slice.
    if (this.#loaded || this.#docs.length >= 2 * this.#announcedRecords) {
      this.#announcedRecords = this.#docs.length
      this.#source.announce()
    }
    const { store, collection } = this.#source
    if (away) return () => store.fetchAfter(collection, this.#readTo)
    return this.#loaded ? 'done' : 'more'
  }

  /** Returns whether what comes next is not in memory. */
  #readStep(): boolean {
    const { store, collection, invalid } = this.#source
    const { docs, last, rest } = store.page(collection, this.#readTo, STEP_RECORDS)
    const listed = docs.filter(doc => isListed(doc, invalid))
    this.#docs.append(listed)
    this.#readTo = last
    this.#loaded = rest === 'none'
    for (const { id } of listed) this.#untold.set(id, 'load')
    return rest === 'away'
  }

  #refresh(): void {
    const changes = new Map<string, Doc<unknown> | undefined>()
    const causes = new Map<string, ChangeCause>()
    const { store, collection, invalid } = this.#source
    const readStale = (): Step => {
      const slice = new Slice()
      for (const [id, cause] of this.#stale) {
        if (!slice.hasRoom(1)) return 'more'
        const doc = store.read(collection, id)
        if (doc === AWAY) return () => store.fetch(collection, id)
        this.#stale.delete(id)
        changes.set(id, doc !== undefined && isListed(doc, invalid) ? doc : undefined)
        causes.set(id, cause)
      }
      this.#refreshing = false
      for (const id of this.#docs.apply(changes)) this.#untold.set(id, causes.get(id) ?? 'local')
      this.#source.announce()
      return 'done'
    }
    const step = readStale()
    if (step === 'done') return
    this.#refreshing = true
    void this.#inSlices(step, readStale)
  }

  /** Lets the page work, or has read what the last step lacked, takes a step, and so on until there is no more. */
  async #inSlices(last: Step, step: () => Step): Promise<void> {
    try {
      while (last !== 'done') {
        await (last === 'more' ? yieldToPage() : last())
        if (this.#cancelled || !this.#source.connection.isOpen) return
        last = step()
      }
    } catch (error) {
      this.#refreshing = false
      if (this.#source.connection.isOpen) report(error)
    }
  }
}

/** What a step came to: there is no more, or there is, or it has to be read from the disk first. */
type Step = 'done' | 'more' | (() => Promise<void>)

/** What may be read in one go. */
class Slice {
  #room = SLICE_RECORDS
  readonly #end = endOfTurn()

  /** Takes room for so many more records, if there is any. */
  hasRoom(records: number): boolean {
    if (this.#room <= 0) return false
    this.#room -= records
    // The clock is asked for each step only, and not before the first one: every slice gets something done.
    const isFirst = this.#room === SLICE_RECORDS - records
    return isFirst || this.#room % STEP_RECORDS !== 0 || performance.now() < this.#end
  }
}
