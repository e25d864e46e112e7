// A textarea (or a one-line input) as an editor. Must not know what its text is bound to.

import type { TextEditor } from './binding.js'
import { placeAfter, type TextEdit } from './edits.js'

/** What it needs of the element: an `HTMLTextAreaElement` and an `HTMLInputElement` have it. */
export interface TextareaLike extends EventTarget {
  readonly value: string
  readonly selectionStart: number | null
  readonly selectionEnd: number | null
  readonly selectionDirection: 'forward' | 'backward' | 'none' | null
  setRangeText(replacement: string, start: number, end: number, mode: 'preserve'): void
  setSelectionRange(start: number, end: number, direction?: 'forward' | 'backward' | 'none'): void
}

/**
 * The editor that a textarea is. What was typed is written when it loses the focus and when the page is hidden, too. What others
 * change clears the browser's own list of what can be undone, as every change by a script does: offer `undo(db)`.
 */
export function textareaEditor(element: TextareaLike): TextEditor {
  let composing = false
  return {
    read: () => element.value,
    apply: edits => applyTo(element, edits),
    isBusy: () => composing,
    // Textareas have no carriage returns.
    normalize: text => text.replace(/\r\n?/g, '\n'),
    watch(changed, left) {
      const begin = (): void => void (composing = true)
      const end = (): void => {
        composing = false
        changed()
      }
      const hidden = (): void => {
        if (globalThis.document.visibilityState === 'hidden') left()
      }
      const page = (globalThis as { document?: Document }).document
      const listened = [
        [element, 'input', changed],
        [element, 'compositionstart', begin],
        [element, 'compositionend', end],
        [element, 'blur', left],
        [page, 'visibilitychange', hidden],
      ] as const
      for (const [target, name, listener] of listened) target?.addEventListener(name, listener)
      return () => {
        for (const [target, name, listener] of listened) target?.removeEventListener(name, listener)
      }
    },
  }
}

function applyTo(element: TextareaLike, edits: readonly TextEdit[]): void {
  const { selectionStart, selectionEnd, selectionDirection } = element
  for (const { at, remove, insert } of edits.toReversed()) element.setRangeText(insert, at, at + remove, 'preserve')
  if (selectionStart === null || selectionEnd === null) return
  const [start, end] = [placeAfter(selectionStart, edits), placeAfter(selectionEnd, edits)]
  element.setSelectionRange(start, Math.max(start, end), selectionDirection ?? 'none')
}
