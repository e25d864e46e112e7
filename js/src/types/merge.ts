// How a collection's concurrent versions are merged. Types only; knows nothing of how it is done.

import type { Sibling } from './doc.js'

/** Tells the kinds apart, for the compiler alone: they have nothing to look at. */
declare const kind: unique symbol

/** Made by `counter()`. */
export interface CounterField {
  readonly [kind]: 'counter'
}

/** Made by `set()`. */
export interface SetField {
  readonly [kind]: 'set'
}

/** Made by `text()`, which `eyot/text` has. */
export interface TextField {
  readonly [kind]: 'text'
}

/** The kind that a field of that type can be. */
export type FieldKind<Field> =
  | (number extends Field ? CounterField : never)
  | (Field extends readonly unknown[] ? SetField : never)
  | (string extends Field ? TextField : never)

/** Field by field, and of which kind the fields are that are not plain. */
export interface FieldsMerge<Value = unknown> {
  readonly fields: { readonly [Name in keyof Value]?: FieldKind<NonNullable<Value[Name]>> }
}

/**
 * What is shown while concurrent versions of a record stand. It is computed when it is looked at, from the versions alone, so
 * it is the same on every device; it is never written by itself. Nothing is lost by it: `doc.siblings` has all versions.
 *
 * - `'keep'`, if nothing else is said: the latest version is shown, and the record is in conflict.
 * - `'lastWriter'`: the latest version is shown, and that is all. An edit is shown before a deletion.
 * - `'fields'`: changes to different (top-level) fields are merged. A field that several have changed without having seen each
 *   other is in conflict, and shown as in the latest version.
 * - `{ fields: { likes: counter(), tags: set(), body: text() } }`: the same, with fields that count, fields that are sets and
 *   texts in which several people write (`text` is in `eyot/text`).
 * - A function of the siblings, the latest one first, that returns the value to show. It must be pure: the same for the same
 *   siblings. When it throws, that is reported, and the record is shown as under `'keep'`.
 */
export type Merge<Value = unknown> =
  | 'keep'
  | 'lastWriter'
  | 'fields'
  | FieldsMerge<Value>
  | ((siblings: readonly Sibling<Value>[]) => Value)
