// Undo: what it takes and gives. Types only; knows nothing of how it is done.

import type { Live } from './live.js'

/** What to record, and how much of it. */
export interface UndoOptions<Name extends string = string> {
  /** The collections whose writes are recorded; all, when it is left out. */
  readonly collections?: readonly Name[]
  /** How many steps are remembered: 100 if nothing else is said. The oldest are forgotten first. */
  readonly limit?: number
  /**
   * Writes to the same record that follow each other within so many milliseconds are one step, as when a form saves while
   * somebody types: 1,000 if nothing else is said; 0 keeps every write a step of its own.
   */
  readonly joinWithinMs?: number
}

/** What can be done now. */
export interface UndoState {
  readonly canUndo: boolean
  readonly canRedo: boolean
}

/** A record of which something was left as it is, because somebody else has changed it since. */
export interface LeftAlone {
  /** The collection's name. */
  readonly collection: string
  /** The record's id. */
  readonly id: string
  /** The fields that were left; `undefined` for the whole record. */
  readonly fields: readonly string[] | undefined
}

/** What became of an undo or a redo. */
export interface UndoResult {
  /** Whether anything was written. */
  readonly changed: boolean
  /** What was left alone. */
  readonly left: readonly LeftAlone[]
}

/**
 * Records what is written through a database object, from now on, and takes it back, step by step. Not kept when the page is
 * left.
 */
export interface UndoScope {
  /** What can be done now, to be watched. */
  readonly state: Live<UndoState>
  /** Whether there is a step to take back. */
  readonly canUndo: boolean
  /** Whether there is a step to do again. */
  readonly canRedo: boolean
  /**
   * Takes the last step back: writes what was there before, as a write like any other. What somebody else has changed since
   * is left as it is, field by field where the values are objects. Resolves when it is on disk.
   */
  undo(): Promise<UndoResult>
  /** Does the last step that was taken back again, with the same care. */
  redo(): Promise<UndoResult>
  /** Makes one step of all that is written until the function returns, or until its promise ends. */
  group<Result>(work: () => Result): Result
  /** Forgets all steps. */
  clear(): void
  /** Forgets all steps, and records no more. */
  end(): void
}
