// The kinds of fields that a definition can name. Must not know how they are merged.

import type { CounterField, SetField } from '../types/merge.js'

/** A field that counts: what several have added at the same time adds up. Whole numbers, up and down. */
export function counter(): CounterField {
  return COUNTER
}

/** A field that is a set: elements are added and removed one by one, and an addition outlives a removal that had not seen it. */
export function set(): SetField {
  return SET
}

const COUNTER: CounterField = Object.freeze({ kind: 'counter' })
const SET: SetField = Object.freeze({ kind: 'set' })
