// The note that is open: what its fields show, and how that is saved. It saves by itself, and hands each save the
// context which its user has seen, so what arrives from elsewhere meanwhile stays as a version of its own.
import { computed, signal } from '@preact/signals'
import type { Collection, Doc, Unsubscribe } from 'eyot'
import type { Note, NoteText } from './note.ts'
import { emptyNote, isBlank, readNote, sameNote } from './note.ts'

/** Typing is saved after this pause, */
const quietMs = 250
/** and without any pause at least this often: whoever writes in the same text sees it grow, and is seen. */
const longestMs = 800

/**
 * - `new`: nothing written yet.
 * - `editing`: the fields are ahead of the disk.
 * - `saving`: on its way to the disk.
 * - `saved`: on the disk of this device; `doc.pending` tells whether a relay has it too.
 * - `failed`: the last save failed; `problem` says why.
 */
export type SaveState = 'new' | 'editing' | 'saving' | 'saved' | 'failed'

/** What the pane of the open note shows. */
export type Shown = 'fields' | 'conflict' | 'merge' | 'gone' | 'unreadable'

export class OpenNote {
  readonly id: string
  /** The record as the database has it now. */
  readonly doc = signal<Doc<Note> | undefined>(undefined)
  /** What the fields show. */
  readonly draft = signal<Readonly<NoteText>>(emptyNote)
  readonly saveState = signal<SaveState>('new')
  readonly problem = signal<string | undefined>(undefined)
  /** Whether the user is in the middle of writing: then nothing replaces the fields. */
  readonly holding = signal(false)
  /** Whether the user merges by hand. */
  readonly merging = signal(false)

  readonly shown = computed<Shown>(() => {
    const doc = this.doc.value
    if (this.merging.value && doc?.conflicted === true) return 'merge'
    if (this.holding.value) return 'fields'
    if (doc === undefined) return this.saveState.value === 'new' ? 'fields' : 'gone'
    if (doc.conflicted) return 'conflict'
    return this.#unreadable.value ? 'unreadable' : 'fields'
  })

  readonly #notes: Collection<Note>
  readonly #unsubscribe: Unsubscribe
  readonly #unreadable = signal(false)
  /** What the user has seen. Empty: that there is no such record. */
  #context = ''
  /** The stored value, so that properties which this version of the app does not know are written back unchanged. */
  #stored: Partial<Note> = {}
  #timer: ReturnType<typeof setTimeout> | undefined
  #dirtySince: number | undefined
  #saving: Promise<void> | undefined

  readonly #saved: (doc: Doc<Note>) => void

  /** `saved` is told of every save. */
  constructor(notes: Collection<Note>, id: string, saved: (doc: Doc<Note>) => void = () => undefined) {
    this.#notes = notes
    this.#saved = saved
    this.id = id
    this.#unsubscribe = notes.subscribe(id, (doc) => {
      this.doc.value = doc
      this.#takeIfIdle()
    })
  }

  /** Takes what the user did to the fields; it is on the disk within moments. */
  change(part: Partial<NoteText>): void {
    const draft = { ...this.draft.value, ...part }
    if (sameNote(draft, this.draft.value)) return
    this.draft.value = draft
    this.holding.value = true
    this.saveState.value = 'editing'
    this.#dirtySince ??= Date.now()
    clearTimeout(this.#timer)
    const waitMs = Math.min(quietMs, Math.max(0, this.#dirtySince + longestMs - Date.now()))
    this.#timer = setTimeout(() => void this.flush(), waitMs)
  }

  /** Saves now what is not saved yet. Resolves when it is on the disk, or when that has failed. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    if (this.#saving !== undefined) await this.#saving
    if (this.#dirtySince === undefined) return
    if (this.#isUnwritten()) return
    this.#saving = this.#save()
    await this.#saving
  }

  /** The user has left the fields: from here on they follow the database again. */
  async release(): Promise<void> {
    await this.flush()
    if (this.#dirtySince !== undefined && this.saveState.peek() === 'failed') return
    this.holding.value = false
    this.#takeIfIdle()
  }

  /** Ends the visit: saves what is not saved yet, and stops following the record. */
  async close(): Promise<void> {
    await this.flush()
    this.#unsubscribe()
  }

  async #save(): Promise<void> {
    this.#dirtySince = undefined
    this.saveState.value = 'saving'
    this.problem.value = undefined
    try {
      const begun = this.#context === '' ? { createdAt: Date.now() } : {}
      const value = { ...begun, ...this.#stored, ...this.draft.peek() }
      const saved = await this.#notes.put(this.id, value, { context: this.#context })
      this.#context = saved.context
      this.#stored = value
      this.#saved(saved)
      if (this.#isClean()) this.saveState.value = 'saved'
    } catch (error) {
      this.#dirtySince ??= Date.now()
      this.saveState.value = 'failed'
      this.problem.value = error instanceof Error ? error.message : String(error)
    } finally {
      this.#saving = undefined
    }
    this.#takeIfIdle()
  }

  /** A new note in which nothing stands is not worth a record. */
  #isUnwritten(): boolean {
    if (this.doc.peek() !== undefined || this.#context !== '' || !isBlank(this.draft.peek())) return false
    this.#dirtySince = undefined
    this.saveState.value = 'new'
    return true
  }

  #isClean(): boolean {
    return this.#dirtySince === undefined
  }

  /**
   * Shows what the database has, unless that would take words out from under the user's hands. Only what is shown
   * enters the context: a version that the user was not shown is not accounted for by the next save.
   */
  #takeIfIdle(): void {
    const doc = this.doc.peek()
    if (doc === undefined || !this.#isClean() || this.#saving !== undefined) return
    if (doc.conflicted && this.holding.peek()) return
    const note = readOr(doc)
    this.#unreadable.value = note === undefined
    if (note === undefined) return
    this.#context = doc.context
    this.#stored = doc.value
    this.saveState.value = 'saved'
    if (!sameNote(note, this.draft.peek())) this.draft.value = note
  }
}

function readOr(doc: Doc<Note>): NoteText | undefined {
  try {
    return readNote(doc.value)
  } catch {
    return undefined
  }
}
