// The list's memory: rows of all notes, kept up to date from what changed, and those that the filter shows. Works in
// slices, decodes a note once per change, and never reads the whole collection again. Knows nothing of the page.
import { batch, computed, effect, signal } from '@preact/signals'
import type { Collection, Unsubscribe } from 'eyot'
import { inSlices, yieldToPage } from '../page/slices.ts'
import type { Filter, Show } from './filter.ts'
import { matcher } from './filter.ts'
import type { Note } from './note.ts'
import type { Row } from './row.ts'
import { makeRow } from './row.ts'
import type { Counts, RowChange } from './rows.ts'
import { Rows } from './rows.ts'

/** Sorting and merging more changes than this at once would hold the page up. */
const applyAtOnce = 2000
/** While changes pour in, the list is drawn anew about this often. */
const pourMs = 80

export class Library {
  readonly show = signal<Show>('open')
  readonly tag = signal<string | undefined>(undefined)
  readonly query = signal('')

  /** What the filter shows, in the order of the list. */
  readonly visible = signal<readonly Row[]>([])
  readonly counts = signal<Counts>({ all: 0, done: 0, conflicts: 0, unsent: 0 })
  readonly tags = signal<readonly [tag: string, count: number][]>([])
  /** False while the notes are still being read from the disk. */
  readonly loaded = signal(false)

  readonly filter = computed<Filter>(() => ({ show: this.show.value, tag: this.tag.value, query: this.query.value }))

  readonly #notes: Collection<Note>
  readonly #rows = new Rows()
  readonly #sorted = signal<readonly Row[]>([])
  readonly #changedIds = new Set<string>()
  #applying = false
  #filtering = 0

  constructor(notes: Collection<Note>) {
    this.#notes = notes
  }

  /** Begins to follow the collection; the result ends it. */
  start(): Unsubscribe {
    const stopFilter = effect(() => this.#runFilter(this.#sorted.value, this.filter.value))
    const unsubscribe = this.#notes.subscribe((_docs, change) => {
      for (const id of change.ids) this.#changedIds.add(id)
      void this.#applyChanges(() => change.loaded)
    })
    return () => {
      unsubscribe()
      stopFilter()
    }
  }

  row(id: string): Row | undefined {
    return this.#rows.get(id)
  }

  /** One run at a time; what changes during a run is taken up by the next round of the same run. */
  async #applyChanges(isLoaded: () => boolean): Promise<void> {
    if (this.#applying) return
    this.#applying = true
    try {
      while (this.#changedIds.size > 0) {
        const ids = [...this.#changedIds]
        this.#changedIds.clear()
        for (let from = 0; from < ids.length; from += applyAtOnce) {
          if (from > 0) await yieldToPage()
          const changes: RowChange[] = []
          const finished = inSlices(ids.slice(from, from + applyAtOnce), (id) => changes.push(this.#changeOf(id)))
          if (finished !== true) await finished
          this.#rows.apply(changes)
        }
        this.#publish()
        if (this.#changedIds.size > 0) await pause(pourMs)
      }
      this.loaded.value ||= isLoaded()
    } finally {
      this.#applying = false
    }
  }

  #changeOf(id: string): RowChange {
    const doc = this.#notes.peek(id)
    return { id, row: doc === undefined ? undefined : makeRow(doc) }
  }

  #publish(): void {
    batch(() => {
      this.#sorted.value = this.#rows.sorted
      this.counts.value = this.#rows.counts
      this.tags.value = this.#rows.tags()
    })
  }

  #runFilter(rows: readonly Row[], filter: Filter): void {
    this.#filtering += 1
    const run = this.#filtering
    const matches = matcher(filter)
    const found: Row[] = []
    const finished = inSlices(
      rows,
      (row) => {
        if (matches(row)) found.push(row)
      },
      () => run === this.#filtering,
    )
    if (finished === true) this.visible.value = found
    else void Promise.resolve(finished).then((whole) => (whole ? (this.visible.value = found) : undefined))
  }
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
  await yieldToPage()
}
