// How long the long work of a page may go on before the page gets its turn. Must not know what the work is.

import { yieldToPage } from './yield-to-page.js'

// All work that is done in one turn shares this time: if each had it for itself, several lists that one change touches would
// take as many times as long, and the page would miss frames.
const TURN_MS = 8

let end: number | undefined

/** When this turn has no more time for long work. A few steps are done even so: whoever waits must come further. */
export function endOfTurn(): number {
  if (end === undefined) {
    end = performance.now() + TURN_MS
    void yieldToPage().then(() => (end = undefined))
  }
  return end
}
