// Keeps the text of a record's field and that of an editor the same, while people write in both. Must not know which editor it is,
// nor that there are pages.

import { report } from '../report.js'
import type { Collection } from '../types/collection.js'
import type { Unsubscribe } from '../types/live.js'
import { editsBetween, type TextEdit } from './edits.js'
import { mergedFrom } from './merged.js'

/** What an editor has to offer. */
export interface TextEditor {
  /** The text as it is now. */
  read(): string
  /**
   * Carries out what others have changed, in one go: the places are all those of the text as it is now, in rising order. The
   * caret stays where it is in the text: `placeAfter(caret, edits)` says where that is. Must not call `changed`.
   */
  apply(edits: readonly TextEdit[]): void
  /**
   * Has `changed` called when the user has changed the text, and `left` when the user may not come back, so that nothing should
   * wait any longer. Gives what ends that.
   */
  watch(changed: () => void, left: () => void): () => void
  /** Whether it must be left alone for now: something is being composed, say. Has to call `changed` when that is over. */
  isBusy?(): boolean
  /** How it would show that text, where it does not show all characters as they are. */
  normalize?(text: string): string
}

/** How an editor is bound. */
export interface BindingOptions {
  /** What the user types is written after so long, together. 300 milliseconds, if nothing else is said. */
  readonly delayMs?: number
  /**
   * Is told of writes that have failed: because the record was deleted, say. What was typed stays in the editor, and is written
   * with what is typed next. Left out, the error is reported as one that nobody has caught.
   */
  readonly onError?: (error: unknown) => void
}

/** An editor that is bound. */
export interface TextBinding {
  /** Writes what was typed now. Resolves when it is on disk, and rejects when that has failed. */
  flush(): Promise<void>
  /** Writes what was typed, and lets go of the editor. */
  close(): Promise<void>
}

/** The fields of a value that are strings. */
export type TextFieldName<Value> = {
  [Name in keyof Value]-?: NonNullable<Value[Name]> extends string ? Name : never
}[keyof Value] &
  string

/** What a binding needs of a collection. */
export type TextCollection<Value> = Pick<Collection<Value>, 'update' | 'live'>

const DELAY_MS = 300

/**
 * Binds an editor to a field of a record: what the user types becomes writes, and what others write comes into the editor as edits
 * of just that, with the caret where it was. Works with a field of any kind; only if it is a `text()` is what several type at the
 * same time on different devices merged.
 *
 * @example
 * ```ts
 * const binding = bindText(notes, 'n1', 'title', textareaEditor(textarea))
 * // when the note is shown no longer
 * await binding.close()
 * ```
 */
export function bindText<Value extends object>(
  collection: TextCollection<Value>,
  id: string,
  field: TextFieldName<NoInfer<Value>>,
  editor: TextEditor,
  options: BindingOptions = {},
): TextBinding {
  return new Binding(collection as unknown as TextCollection<Fields>, { id, field }, editor, options)
}

type Fields = Readonly<Record<string, unknown>>

class Binding implements TextBinding {
  readonly #collection: TextCollection<Fields>
  readonly #place: { readonly id: string; readonly field: string }
  readonly #editor: TextEditor
  readonly #options: BindingOptions
  readonly #ends: readonly Unsubscribe[]
  /** The last text that both the editor and the record have had. */
  #base: string
  /** What the record has. */
  #stored: string | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #writing: Promise<void> | undefined
  #closed = false

  constructor(collection: TextCollection<Fields>, place: { id: string; field: string }, editor: TextEditor, options: BindingOptions) {
    this.#collection = collection
    this.#place = place
    this.#editor = editor
    this.#options = options
    // What the editor has had before it was bound is nobody's.
    this.#base = editor.read()
    const live = collection.live(place.id)
    const unsubscribe = live.subscribe(doc => {
      this.#stored = doc === undefined ? undefined : this.#textOf(doc.value)
      this.#refresh()
    })
    const unwatch = editor.watch(() => this.#changed(), () => this.#left())
    this.#ends = [unsubscribe, unwatch]
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    // Who typed meanwhile has another write to make.
    while (this.#writing !== undefined) await this.#writing.catch(() => undefined)
    const typed = this.#editor.read()
    if (typed === this.#base) return
    this.#writing = this.#write(typed)
    try {
      await this.#writing
    } finally {
      this.#writing = undefined
    }
    this.#refresh()
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const end of this.#ends) end()
    await this.flush()
  }

  async #write(typed: string): Promise<void> {
    const { id, field } = this.#place
    await this.#collection.update(id, value => ({ ...value, [field]: mergedFrom(this.#base, typed, this.#textOf(value)) }))
    // A write that fails has left nothing: then what was typed is still to be written.
    this.#base = typed
  }

  /** Takes what others have written into the editor. */
  #refresh(): void {
    if (this.#closed || this.#stored === undefined || this.#writing !== undefined || this.#editor.isBusy?.() === true) return
    const typed = this.#editor.read()
    const edits = editsBetween(typed, mergedFrom(this.#base, typed, this.#stored))
    this.#base = this.#stored
    if (edits.length > 0) this.#editor.apply(edits)
    if (this.#editor.read() !== this.#base) this.#schedule()
  }

  #changed(): void {
    this.#refresh()
    this.#schedule()
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => this.#left(), this.#options.delayMs ?? DELAY_MS)
  }

  #left(): void {
    this.flush().catch((error: unknown) => {
      if (this.#options.onError === undefined) report(error)
      else this.#options.onError(error)
    })
  }

  #textOf(value: unknown): string {
    const text = (value as Fields | undefined)?.[this.#place.field]
    const known = typeof text === 'string' ? text : ''
    return this.#editor.normalize?.(known) ?? known
  }
}
