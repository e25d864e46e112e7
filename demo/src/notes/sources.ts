// Where a list comes from: a live query of which only the part in view is asked for, or a search through all that a query
// finds. Knows nothing of the page but which rows are in view.
import type { Collection, Doc, LiveQuery, QueryOptions, Unsubscribe } from 'eyot'
import { inSlices } from '../page/slices.ts'
import { matcher } from './filter.ts'
import type { Listing } from './listing.ts'
import { nothingYet, windowFor } from './listing.ts'
import type { Note } from './note.ts'
import { rowOf } from './row.ts'

export interface Source {
  /** Tells which rows are in view. */
  look(first: number, last: number): void
  end(): void
}

type Tell = (listing: Listing) => void

/** All that answers a question, of which the database hands over what is in view. */
export class WindowSource implements Source {
  readonly #notes: Collection<Note>
  readonly #question: QueryOptions<Note>
  readonly #tell: Tell
  readonly #stopCount: Unsubscribe
  #stopRows: Unsubscribe | undefined
  #listing = nothingYet
  #window = windowFor(0, 0)

  constructor(notes: Collection<Note>, question: QueryOptions<Note>, tell: Tell) {
    this.#notes = notes
    this.#question = question
    this.#tell = tell
    this.#stopCount = notes.query(question).count().subscribe((total) => {
      if (total !== undefined && total !== this.#listing.total) this.#show({ total })
    })
    this.#follow()
  }

  look(first: number, last: number): void {
    const window = windowFor(first, last)
    if (window.offset === this.#window.offset && window.limit === this.#window.limit) return
    this.#window = window
    this.#follow()
  }

  end(): void {
    this.#stopCount()
    this.#stopRows?.()
  }

  /** The next window is watched before the last one is let go of, so that what both need is kept. */
  #follow(): void {
    const before = this.#stopRows
    const { offset } = this.#window
    const rows = this.#notes.query({ ...this.#question, ...this.#window })
    this.#stopRows = rows.subscribe((docs, change) => {
      if (change.loaded) this.#show({ docs, offset, loaded: true })
    })
    before?.()
  }

  #show(part: Partial<Listing>): void {
    this.#listing = { ...this.#listing, ...part }
    const { total, offset, docs, loaded } = this.#listing
    // The number and the rows come one after the other.
    if (loaded) this.#tell({ total: Math.max(total, docs.length === 0 ? 0 : offset + docs.length), offset, docs, loaded })
  }
}

/** Those notes that answer a question in which all words occur. Looks through them in slices. */
export class SearchSource implements Source {
  readonly #matches: ReturnType<typeof matcher>
  readonly #tell: Tell
  readonly #stop: Unsubscribe
  #run = 0

  constructor(all: LiveQuery<Note>, typed: string, tell: Tell) {
    this.#matches = matcher(typed)
    this.#tell = tell
    this.#stop = all.subscribe((docs, change) => {
      if (change.loaded) void this.#search(docs)
    })
  }

  look(): void {
    // All that was found is there.
  }

  end(): void {
    this.#run += 1
    this.#stop()
  }

  async #search(all: readonly Doc<Note>[]): Promise<void> {
    const run = (this.#run += 1)
    const docs: Doc<Note>[] = []
    const isWanted = (): boolean => run === this.#run
    const searched = inSlices(all, (doc) => this.#matches(rowOf(doc)) && docs.push(doc), isWanted)
    // Short work is shown at once.
    if (searched !== true && !(await searched)) return
    this.#tell({ total: docs.length, offset: 0, docs, loaded: true })
  }
}
