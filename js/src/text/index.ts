// What `import ... from 'eyot/text'` gives: long texts that several people edit. Needs Yjs, which applications that do not import
// it do not load.

import { fieldKind } from '../merge/field-kind.js'
import type { TextField as TextFieldKind } from '../types/merge.js'
import { TextField } from './text-field.js'

export { bindText } from './binding.js'
export type { BindingOptions, TextBinding, TextCollection, TextEditor, TextFieldName } from './binding.js'
export { editsBetween, placeAfter } from './edits.js'
export type { TextEdit } from './edits.js'
export { textareaEditor } from './textarea.js'
export type { TextareaLike } from './textarea.js'

/**
 * A field that is a long text: what several people insert and delete at the same time is merged, character by character. Its
 * value is a plain string.
 *
 * @example
 * ```ts
 * const notes = collection<Note>({ merge: { fields: { title: text() } } })
 * ```
 */
export function text(): TextFieldKind {
  return fieldKind(new TextField()) as TextFieldKind
}
