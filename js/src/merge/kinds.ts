// The kinds of fields that a definition can name, each with its own implementation, so that an application has only those that it
// uses. Must not know how they are merged.

import type { CounterField, SetField } from '../types/merge.js'
import { counterField } from './counter-field.js'
import { fieldKind } from './field-kind.js'
import { setField } from './set-field.js'

/** A field that counts: what several have added at the same time adds up. Whole numbers, up and down. */
export function counter(): CounterField {
  return fieldKind(counterField) as CounterField
}

/** A field that is a set: elements are added and removed one by one, and an addition outlives a removal that had not seen it. */
export function set(): SetField {
  return fieldKind(setField) as SetField
}
