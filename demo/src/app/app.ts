// The app as one object: the database and what follows it. Made once, handed to every view. It knows no markup.
import { effect, signal } from '@preact/signals'
import { newId } from 'eyot'
import type { Collection, CollectionChange, Doc, Health, Notice } from 'eyot'
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import { addSamples, deleteNote, toggleDone } from '../notes/actions.ts'
import { Library } from '../notes/library.ts'
import type { Note } from '../notes/note.ts'
import { titleOf } from '../notes/note.ts'
import { OpenNote } from '../notes/open-note.ts'
import { goToList, goToNote, openId } from '../page/route.ts'
import { showProblem, showToast } from '../page/toasts.ts'
import { Connection } from '../sync/connection.ts'
import type { NotesDatabase } from './database.ts'
import { Settings } from './settings.ts'

export class App {
  readonly db: NotesDatabase
  readonly notes: Collection<Note>
  readonly library: Library
  readonly connection: Connection
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
  }

  start(): void {
    this.library.start()
    this.notes.subscribe((_docs, change) => this.#learnReplica(change))
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
    addEventListener('pagehide', () => this.saveNow())
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') this.saveNow()
    })
  }

  /** The list shows the new note as soon as something stands in it, so no filter may hide it. */
  newNote(): void {
    const { query, tag, show } = this.library
    query.value = ''
    tag.value = undefined
    if (show.peek() !== 'all') show.value = 'open'
    goToNote(newId())
  }

  dismiss(notice: Notice): void {
    this.notices.value = this.notices.peek().filter((one) => one !== notice)
  }

  saveNow(): void {
    void this.opened.peek()?.flush()
  }

  /** Deletes the note and offers to undo that. */
  async delete(doc: Doc<Note>): Promise<void> {
    const title = this.library.row(doc.id)?.title ?? titleOf(doc.value)
    if (openId.peek() === doc.id) goToList()
    const undo = await deleteNote(this.notes, doc)
    const run = (): void => void undo().catch(showProblem('The note could not be brought back'))
    showToast(`“${title}” deleted`, { action: { label: 'Undo', run } })
  }

  async toggleDone(id: string): Promise<void> {
    const doc = this.notes.peek(id)
    if (doc !== undefined && !doc.conflicted) await toggleDone(this.notes, doc)
  }

  async addSamples(): Promise<void> {
    showToast(`${await addSamples(this.db)} sample notes added`)
  }

  /**
   * Remembers which replica this device writes as, to tell "this device" from others: the only version of a note that
   * was just written here is its own.
   */
  #learnReplica({ ids, causes }: CollectionChange): void {
    if (causes.length !== 1 || causes[0] !== 'local') return
    const [own, ...others] = this.notes.peek(ids[0] ?? '')?.siblings ?? []
    if (own !== undefined && others.length === 0 && own.also.length === 0) this.settings.replica.value = own.replica
  }

  #openNote(id: string | undefined): void {
    const before = this.opened.peek()
    if (before?.id === id) return
    void before?.close()
    this.opened.value = id === undefined ? undefined : new OpenNote(this.notes, id)
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
