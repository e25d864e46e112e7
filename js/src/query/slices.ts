// Does long work in slices, so that the page can draw and take input in between. Must not know what the work is.

import { endOfTurn } from '../turn.js'
import { yieldToPage } from '../yield-to-page.js'

// The clock is asked once in so many steps.
const STEPS = 16

/** Work that can be interrupted at each `yield`; where it yields a promise, it goes on when that is resolved. */
export type Work = Generator<Promise<unknown> | undefined, void>

/** Who has work done. */
export interface Client {
  /** Whether the work is still wanted. */
  isWanted(): boolean
  /** It took more than one slice, and is done now. */
  finished(): void
  /** It threw, in a slice after the first one. */
  failed(error: unknown): void
}

/**
 * Does a slice of the work at once, and the rest with room for the page in between. Returns whether it is all done; throws
 * what the first slice throws.
 */
export function doInSlices(work: Work, client: Client): boolean {
  const waitsFor = doSlice(work)
  if (waitsFor === 'nothing') return true
  void doRest(work, client, waitsFor)
  return false
}

async function doRest(work: Work, client: Client, first: Promise<unknown> | undefined): Promise<void> {
  try {
    let waitsFor: Promise<unknown> | undefined | 'nothing' = first
    while (waitsFor !== 'nothing') {
      await (waitsFor ?? yieldToPage())
      if (!client.isWanted()) return
      waitsFor = doSlice(work)
    }
  } catch (error) {
    client.failed(error)
    return
  }
  client.finished()
}

function doSlice(work: Work): Promise<unknown> | undefined | 'nothing' {
  const end = endOfTurn()
  for (let step = 1; ; step += 1) {
    const { done, value } = work.next()
    if (done === true) return 'nothing'
    if (value !== undefined) return value
    if (step % STEPS === 0 && performance.now() >= end) return undefined
  }
}
