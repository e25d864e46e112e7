// The history of conflicts: what it takes and gives. Types only; knows nothing of how it is done.

import type { Live } from './live.js'

/** How much of it is kept. */
export interface ConflictHistoryOptions {
  /** For how many milliseconds after it arose a conflict that has ended is remembered: 90 days if nothing else is said. */
  readonly keepForMs?: number
  /** How many are remembered at most: 1,000 if nothing else is said. The oldest are forgotten first. */
  readonly limit?: number
}

/** One of the versions that stood against each other. */
export interface ConflictVersion {
  readonly deleted: boolean
  /** `undefined` for a deletion, and for what could not be read. */
  readonly value: unknown
  /** The replica that wrote it: 32 hex digits. */
  readonly replica: string
  /** When it was written, by the writer's clock: milliseconds since 1970. */
  readonly at: number
  /** The dot that names the write. */
  readonly version: string
}

/**
 * How a conflict ended.
 *
 * - `by: 'policy'`: the collection's `merge` leaves nothing open. The versions may go on to stand beside each other.
 * - `by: 'write'`: somebody who had seen the versions wrote: `resolution` says who, when and what, unless it was a deletion.
 */
export interface ConflictEnd {
  readonly by: 'policy' | 'write'
  /** When that was seen on this device: milliseconds since 1970. */
  readonly at: number
  /** With `write`: whether it was written on this device, in whatever tab; left out where that is not known. */
  readonly here?: boolean
  /** With `write`: what stands instead; left out where the record was deleted. */
  readonly resolution?: ConflictVersion
}

/** One conflict: versions of a record that had not seen each other, from when they met on this device until one is left. */
export interface ConflictEntry {
  /** The collection's name. */
  readonly collection: string
  /** The record's id. */
  readonly id: string
  /** When it arose on this device: milliseconds since 1970. Where that was not seen, when it was found. */
  readonly arosAt: number
  /** All versions that have stood beside each other in it, in the order in which they were seen. */
  readonly versions: readonly ConflictVersion[]
  /** The kind of the collection's `merge`. */
  readonly policy: 'keep' | 'lastWriter' | 'fields' | 'function'
  /** What was shown while it stood, the last of it. */
  readonly shown: unknown
  /** Where fields are merged: those of which people had to choose one value. */
  readonly fields: readonly string[]
  /** How it ended; `undefined` while it is open. */
  readonly ended: ConflictEnd | undefined
}

/** Which conflicts to list. */
export interface ConflictHistoryQuery {
  readonly collection?: string
  readonly id?: string
  /** Those that arose then or later: milliseconds since 1970. */
  readonly since?: number
  /** At most so many: 100 if nothing else is said. */
  readonly limit?: number
}

/** Remembers the conflicts of a database on this device. */
export interface ConflictHistory {
  /** The latest hundred, to be watched: what other tabs have seen as well. */
  readonly recent: Live<readonly ConflictEntry[]>
  /** The conflicts, the latest one first. */
  list(query?: ConflictHistoryQuery): Promise<readonly ConflictEntry[]>
  /** Resolves when all that was visible so far has been noted. */
  noted(): Promise<void>
  /** Forgets all that have ended. */
  clear(): Promise<void>
  /** Remembers no more; what was remembered stays. */
  end(): void
}
