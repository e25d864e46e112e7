// The list: what it is asked to show, and the notes that the database answers with, live. Of 50,000 notes it holds those in
// view. Knows nothing of the page.
import { effect, signal } from '@preact/signals'
import type { Collection, Doc, Unsubscribe } from 'eyot'
import type { Show } from './filter.ts'
import { question } from './filter.ts'
import type { Listing } from './listing.ts'
import { nothingYet } from './listing.ts'
import type { Note } from './note.ts'
import { rowOf } from './row.ts'
import { SearchSource, WindowSource } from './sources.ts'
import type { Source } from './sources.ts'

/** The tags to choose from are those of so many of the newest notes. */
const recentNotes = 300

/** How many notes there are of each kind. */
export interface Counts {
  readonly open: number
  readonly done: number
  readonly all: number
}

export class Library {
  readonly show = signal<Show>('open')
  readonly tag = signal<string | undefined>(undefined)
  readonly query = signal('')

  readonly listing = signal<Listing>(nothingYet)
  readonly counts = signal<Counts>({ open: 0, done: 0, all: 0 })
  /** The tags of the newest notes, the most used first. */
  readonly tags = signal<readonly string[]>([])
  /** The notes of which somebody has to settle something. */
  readonly conflicts = signal<readonly Doc<Note>[]>([])

  readonly #notes: Collection<Note>
  #source: Source | undefined

  constructor(notes: Collection<Note>) {
    this.#notes = notes
  }

  /** Begins to follow the collection; the result ends it. `learn` is told of notes that were written here. */
  start(learn: (doc: Doc<Note>) => void): Unsubscribe {
    const stops = [
      effect(() => this.#ask(this.show.value, this.tag.value, this.query.value.trim())),
      effect(() => this.#followTags(this.show.value, learn)),
      this.#followCounts(),
      this.#notes.conflicts().subscribe((docs) => (this.conflicts.value = docs)),
    ]
    return () => {
      for (const stop of stops) stop()
      this.#source?.end()
    }
  }

  /** Tells which rows are in view. */
  look(first: number, last: number): void {
    this.#source?.look(first, last)
  }

  #ask(show: Show, tag: string | undefined, typed: string): void {
    const before = this.#source
    const tell = (listing: Listing): void => void (this.listing.value = listing)
    const asked = question(show, tag)
    this.#source =
      typed === ''
        ? new WindowSource(this.#notes, asked, tell)
        : new SearchSource(this.#notes.query(asked), typed, tell)
    before?.end()
  }

  #followCounts(): Unsubscribe {
    const follow = (show: Show): Unsubscribe => {
      return this.#notes.query(question(show, undefined)).count().subscribe((count) => {
        if (count !== undefined) this.counts.value = { ...this.counts.peek(), [show]: count }
      })
    }
    const stops = [follow('open'), follow('done'), follow('all')]
    return () => stops.forEach((stop) => stop())
  }

  #followTags(show: Show, learn: (doc: Doc<Note>) => void): Unsubscribe {
    return this.#notes.query({ ...question(show, undefined), limit: recentNotes }).subscribe((docs, change) => {
      if (!change.loaded) return
      const tags = tagsOf(docs)
      if (tags.join('\n') !== this.tags.peek().join('\n')) this.tags.value = tags
      const [id] = change.ids
      const isOwn = change.causes.length === 1 && change.causes[0] === 'local'
      const doc = isOwn ? docs.find((one) => one.id === id) : undefined
      if (doc !== undefined) learn(doc)
    })
  }
}

function tagsOf(docs: readonly Doc<Note>[]): string[] {
  const counts = new Map<string, number>()
  for (const tag of docs.flatMap((doc) => rowOf(doc).tags)) counts.set(tag, (counts.get(tag) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([tag]) => tag)
}
