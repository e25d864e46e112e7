// The app as one object: the database and what follows it. Made once, handed to every view. It knows no markup.
import { effect, signal } from '@preact/signals'
import { newId } from 'eyot'
import type { Collection, Doc, Health, Notice } from 'eyot'
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import { addSamples, count, deleteNote, toggleDone } from '../notes/actions.ts'
import { Library } from '../notes/library.ts'
import type { Note } from '../notes/note.ts'
import { sightingsOf } from '../notes/note.ts'
import { OpenNote } from '../notes/open-note.ts'
import { rowOf } from '../notes/row.ts'
import { goToList, goToNote, openId } from '../page/route.ts'
import { showToast } from '../page/toasts.ts'
import { Connection } from '../sync/connection.ts'
import type { NotesDatabase } from './database.ts'
import { History } from './history.ts'
import { Settings } from './settings.ts'

export class App {
  readonly db: NotesDatabase
  readonly notes: Collection<Note>
  readonly library: Library
  readonly connection: Connection
  readonly history: History
  readonly settings = new Settings()
  readonly health = signal<Health>({ persisted: undefined, usage: undefined, quota: undefined, degraded: undefined })
  /** What the database wants a person to know, and nobody has dismissed yet. */
  readonly notices = signal<readonly Notice[]>([])
  /** The note that is open, if any. */
  readonly opened = signal<OpenNote | undefined>(undefined)
  /** The row of the list that the keyboard is on. */
  readonly active = signal<string | undefined>(undefined)
  /** Why this tab can no longer write: another tab destroyed the database, or took it over with a newer version. */
  readonly closedBy = signal<string | undefined>(undefined)
  readonly panelOpen = signal(false)

  constructor(db: NotesDatabase) {
    this.db = db
    this.notes = db.collection('notes')
    this.library = new Library(this.notes)
    this.connection = new Connection(db, this.settings)
    this.history = new History(db)
  }

  start(): void {
    this.library.start((doc) => this.#learnReplica(doc))
    this.connection.start()
    this.db.health.subscribe((health) => {
      this.health.value = health
    })
    this.db.notices.subscribe((_all, { added }) => {
      // The newest of each kind says enough.
      for (const notice of added) this.notices.value = [...this.notices.peek().filter(({ code }) => code !== notice.code), notice]
    })
    void this.db.closed.then((reason) => {
      this.closedBy.value = reason
    })
    effect(() => this.#openNote(openId.value))
    addEventListener('pagehide', () => void this.saveNow())
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') void this.saveNow()
    })
  }

  /** The list shows the new note as soon as something stands in it, so no filter may hide it. */
  newNote(): void {
    const { query, tag, show } = this.library
    query.value = ''
    tag.value = undefined
    if (show.peek() === 'done') show.value = 'open'
    goToNote(newId())
  }

  dismiss(notice: Notice): void {
    this.notices.value = this.notices.peek().filter((one) => one !== notice)
  }

  async saveNow(): Promise<void> {
    await this.opened.peek()?.flush()
  }

  /** Takes back the last step, what is being written included. */
  async undo(): Promise<void> {
    await this.saveNow()
    await this.history.undo()
  }

  async redo(): Promise<void> {
    await this.saveNow()
    await this.history.redo()
  }

  async delete(doc: Doc<Note>): Promise<void> {
    const { title } = rowOf(doc)
    if (openId.peek() === doc.id) goToList()
    await this.history.run(() => deleteNote(this.notes, doc), () => `“${title}” deleted`)
  }

  async toggleDone(id: string): Promise<void> {
    const doc = this.notes.peek(id)
    if (doc === undefined || doc.conflicted) return
    const { title, done } = rowOf(doc)
    await this.history.run(() => toggleDone(this.notes, doc), () => `“${title}” ${done ? 'is open again' : 'done'}`)
  }

  /** Counts a sighting, or takes one back. */
  async count(id: string, by: 1 | -1): Promise<void> {
    if (by < 0 && sightingsOf(this.notes.peek(id)?.value) === 0) return
    await this.history.run(() => count(this.notes, id, by), (number) => `Seen ${number === 1 ? 'once' : `${number} times`}`)
  }

  /** Settles a conflict in the way that is given. Undo would not bring the other versions back, so it is not offered. */
  async settle(doc: Doc<Note>, work: () => Promise<void>): Promise<void> {
    const { title } = rowOf(doc)
    await work()
    this.history.moveOn()
    showToast(`“${title}” settled`)
  }

  async addSamples(): Promise<void> {
    await this.history.run(() => addSamples(this.db, Date.now()), (number) => `${number} sample notes added`)
  }

  /**
   * Remembers which replica this device writes as, to tell "this device" from others: the only version of a note that
   * was just written here is its own.
   */
  #learnReplica({ siblings: [own, ...others] }: Doc<Note>): void {
    if (own !== undefined && others.length === 0 && own.also.length === 0) this.settings.replica.value = own.replica
  }

  #noteSaved(doc: Doc<Note>): void {
    this.#learnReplica(doc)
    this.history.moveOn()
  }

  #openNote(id: string | undefined): void {
    const before = this.opened.peek()
    if (before?.id === id) return
    void before?.close()
    this.opened.value = id === undefined ? undefined : new OpenNote(this.notes, id, (doc) => this.#noteSaved(doc))
    if (id !== undefined) this.active.value = id
  }
}

const AppContext = createContext<App | undefined>(undefined)
export const AppProvider = AppContext.Provider

export function useApp(): App {
  const app = useContext(AppContext)
  if (app === undefined) throw new Error('A view was drawn outside of the app')
  return app
}
