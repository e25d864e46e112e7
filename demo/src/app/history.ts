// Taking back what was done in this tab, and doing it again: by key, by button, or by the message that tells of it. Undo
// itself is the database's; others' changes are never taken back.
import { signal } from '@preact/signals'
import { undo } from 'eyot'
import type { UndoResult, UndoScope } from 'eyot'
import { dismiss, showToast } from '../page/toasts.ts'
import type { NotesDatabase } from './database.ts'

export class History {
  readonly canUndo = signal(false)
  readonly canRedo = signal(false)
  readonly #scope: UndoScope
  /** The message that offers to take back the last step. With another step it is out of date. */
  #offer: number | undefined

  constructor(db: NotesDatabase) {
    this.#scope = undo(db, { collections: ['notes'] })
    this.#scope.state.subscribe(({ canUndo, canRedo }) => {
      this.canUndo.value = canUndo
      this.canRedo.value = canRedo
    })
  }

  /** Does something as one step, and offers to take it back. `words` says what was done. */
  async run<Result>(work: () => Promise<Result>, words: (result: Result) => string): Promise<void> {
    const result = await this.#scope.group(work)
    this.#say(words(result), 'Undo', () => this.undo())
  }

  /** Something else was written: what the last message offers would take that back instead. */
  moveOn(): void {
    if (this.#offer !== undefined) dismiss(this.#offer)
    this.#offer = undefined
  }

  async undo(): Promise<void> {
    if (!this.#scope.canUndo) return
    this.#tell(await this.#scope.undo(), 'Undone', 'Redo', () => this.redo())
  }

  async redo(): Promise<void> {
    if (!this.#scope.canRedo) return
    this.#tell(await this.#scope.redo(), 'Done again', 'Undo', () => this.undo())
  }

  #tell({ changed, left }: UndoResult, words: string, label: string, run: () => Promise<void>): void {
    if (left.length > 0) this.moveOn()
    if (!changed) showToast('Nothing was taken back: it has been changed elsewhere since')
    else if (left.length > 0) showToast(`${words}, but for what has been changed elsewhere since`)
    else this.#say(words, label, run)
  }

  #say(words: string, label: string, run: () => Promise<void>): void {
    this.moveOn()
    this.#offer = showToast(words, { action: { label, run } })
  }
}
