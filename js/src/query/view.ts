// Some records of a collection in some order, as keys and ids, kept up to date for as long as somebody uses them: an index,
// or the matches of a query. Must not know which of the two it is, nor hold documents.

import type { Hub } from '../hub.js'
import { AWAY } from '../store.js'
import type { ChangeCause } from '../types/collection.js'
import type { Doc } from '../types/doc.js'
import type { Unsubscribe } from '../types/live.js'
import type { Reader } from './reader.js'
import { doInSlices, type Work } from './slices.js'
import { SortedEntries, type CompareEntries, type Entry } from './sorted-entries.js'

const PAGE_RECORDS = 50

/** What a view is of. */
export interface ViewSource {
  readonly hub: Hub
  readonly reader: Reader
  readonly compare: CompareEntries
  /** The record's entry; `undefined` when it does not belong into the view. */
  readonly entryOf: (doc: Doc<unknown>) => Entry | undefined
  /** Waits for the ids among which all its records are; left out, the whole collection is looked through. */
  readonly candidates?: (() => Generator<Promise<unknown> | undefined, readonly string[]>) | undefined
  /** For how long it is kept when nobody uses it any more. */
  readonly lingerMs: number
  /** It is not kept any longer. */
  readonly ended: () => void
}

/** Who uses a view. */
export interface ViewUser {
  /** Records have changed. The view knows of it, but has not looked at them. */
  changed(ids: readonly string[], cause: ChangeCause): void
  /** The view is up to date, which it was not when it was asked last. */
  ready(): void
  failed(error: unknown): void
  /** There will be no more changes. */
  closed(): void
}

/** Entries of records in order. */
export class View {
  readonly entries: SortedEntries
  readonly #source: ViewSource
  readonly #byId = new Map<string, Entry>()
  readonly #users = new Set<ViewUser>()
  readonly #stale = new Set<string>()
  #unwatch: Unsubscribe | undefined
  #linger: ReturnType<typeof setTimeout> | undefined
  #loaded = false
  #working = false
  #version = 0
  #recordsRead = 0

  constructor(source: ViewSource) {
    this.#source = source
    this.entries = new SortedEntries(source.compare)
  }

  /** Another number whenever an entry was put in or taken out. */
  get version(): number {
    return this.#version
  }

  /** How many records were read for it so far. */
  get recordsRead(): number {
    return this.#recordsRead
  }

  /** The record's entry; `undefined` when it is not in the view. */
  entry(id: string): Entry | undefined {
    return this.#byId.get(id)
  }

  /** Keeps it for this user until he leaves. */
  enter(user: ViewUser): Unsubscribe {
    clearTimeout(this.#linger)
    this.#users.add(user)
    this.#unwatch ??= this.#source.hub.watch(this.#source.reader.collection, {
      changed: (_, ids, cause) => {
        for (const id of ids) this.#stale.add(id)
        for (const each of [...this.#users]) each.changed(ids, cause)
      },
      closed: () => {
        for (const each of [...this.#users]) each.closed()
        this.#end()
      },
    })
    return () => {
      if (!this.#users.delete(user) || this.#users.size > 0 || this.#unwatch === undefined) return
      if (this.#source.lingerMs === 0) this.#end()
      else this.#linger = setTimeout(() => this.#end(), this.#source.lingerMs)
    }
  }

  /**
   * Whether it is up to date, with all that can be seen now. Does a slice of the work if it is not; if that is not enough,
   * goes on with it, and tells the users when it is done. Until then what it holds is of no use: what became visible together
   * must not be seen in parts. Throws what reading throws, and tries again when it is asked again.
   */
  catchUp(): boolean {
    if (this.#working) return false
    if (this.#loaded && this.#stale.size === 0) return true
    if (this.#unwatch === undefined) return false
    let goesOn = false
    this.#working = true
    try {
      goesOn = !doInSlices(this.#work(), {
        isWanted: () => this.#unwatch !== undefined,
        finished: () => {
          this.#working = false
          for (const user of [...this.#users]) user.ready()
        },
        failed: error => {
          this.#working = false
          for (const user of [...this.#users]) user.failed(error)
        },
      })
    } finally {
      this.#working = goesOn
    }
    return !goesOn
  }

  *#work(): Work {
    if (!this.#loaded) yield* this.#load()
    this.#loaded = true
    // What changes meanwhile is put at the end of the set, and so comes up as well.
    for (const id of this.#stale) {
      const doc = yield* this.#read(id)
      this.#stale.delete(id)
      this.#set(id, doc)
      yield
    }
  }

  *#load(): Work {
    const { candidates } = this.#source
    if (candidates === undefined) {
      yield* this.#readAll()
      return
    }
    for (const id of yield* candidates()) {
      this.#set(id, yield* this.#read(id))
      yield
    }
  }

  *#readAll(): Work {
    const { reader } = this.#source
    for (let after: string | undefined; ; ) {
      const { docs, last, rest } = reader.page(after, PAGE_RECORDS)
      for (const doc of docs) {
        this.#recordsRead += 1
        this.#set(doc.id, doc)
        yield
      }
      if (rest === 'none') return
      after = last
      if (rest === 'away') yield reader.fetchAfter(after)
    }
  }

  *#read(id: string): Generator<Promise<void>, Doc<unknown> | undefined> {
    this.#recordsRead += 1
    for (;;) {
      const doc = this.#source.reader.read(id)
      if (doc !== AWAY) return doc
      yield this.#source.reader.fetch(id)
    }
  }

  #set(id: string, doc: Doc<unknown> | undefined): void {
    const before = this.#byId.get(id)
    const entry = doc === undefined ? undefined : this.#source.entryOf(doc)
    if (before !== undefined) {
      if (entry !== undefined && this.#source.compare(before, entry) === 0) return
      this.entries.remove(before)
      this.#byId.delete(id)
    }
    if (entry !== undefined) {
      this.entries.add(entry)
      this.#byId.set(id, entry)
    }
    if (before !== entry) this.#version += 1
  }

  #end(): void {
    clearTimeout(this.#linger)
    this.#unwatch?.()
    this.#unwatch = undefined
    this.#source.ended()
  }
}
