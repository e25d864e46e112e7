// What a read gives: a record as a frozen document, and its siblings. Types only; knows nothing of how they are made.

import type { SchemaIssue } from './schema.js'

/** What every version of a record tells, whether it is an edit or a deletion. */
export interface VersionFacts {
  /** When it was written, by the writer's clock: milliseconds since 1970, for display. It never decides what is kept. */
  readonly at: number
  /** The replica that wrote it: 32 hex digits. */
  readonly replica: string
  /** The dot that names this write, e.g. `…:3`. */
  readonly version: string
  /** The dots of concurrent writes with equal contents, which are shown as this one version and are no conflict. */
  readonly also: readonly string[]
}

/** A version that has a value. */
export interface EditSibling<Value> extends VersionFacts {
  readonly deleted: false
  /** The value, frozen. Reading it throws `EyotError` `unreadable-value` when it cannot be decoded. */
  readonly value: Value
}

/** A version that deleted the record. */
export interface DeletionSibling extends VersionFacts {
  readonly deleted: true
  readonly value: undefined
}

/** One of a record's versions of which none has seen the other. */
export type Sibling<Value> = EditSibling<Value> | DeletionSibling

/** What documents of records tell, whether the displayed version is an edit or a deletion. */
export interface DocFacts<Value> {
  /** The record's id. */
  readonly id: string
  /** Whether people have to choose between versions that stand side by side: what the collection's `merge` leaves open. */
  readonly conflicted: boolean
  /** Where the collection merges fields: the names of those of which people have to choose one value. */
  readonly conflicts: readonly string[]
  /** All versions, the displayed one first. */
  readonly siblings: readonly Sibling<Value>[]
  /**
   * Every write to the record that this document accounts for. Hand it back with a write, and what is replaced is what
   * this document showed: a version that arrived since stays, beside the new one. Opaque, but readable: `a:3 b:1`.
   *
   * The context of a read between a write of this page and its promise means something to this page only. To keep one
   * for longer than the page lives, keep that with which the write resolved.
   */
  readonly context: string
  /** Whether the record has changes that no relay has acknowledged yet. */
  readonly pending: boolean
  /** When the displayed version was written: milliseconds since 1970. */
  readonly at: number
}

/**
 * A record as it is now. Frozen, and decoded when it is looked at; the same object for as long as the record is
 * unchanged, so that `===` tells whether something happened.
 *
 * The value is frozen all the way down (but for the insides of a `Date` and a `Uint8Array`, which JavaScript cannot
 * freeze: do not change those). To change a record, put a new value.
 */
export interface Doc<Value> extends DocFacts<Value> {
  readonly deleted: false
  /** What is wrong with the displayed value, if the collection has a schema; `undefined` when nothing is. */
  readonly issues: readonly SchemaIssue[] | undefined
  /** The displayed value. Reading it throws `EyotError` `unreadable-value` when it cannot be decoded. */
  readonly value: Value
}

/** A record whose deletion has just been written: no longer found by reads. Its `context` lets a `put` undo it. */
export interface DeletedDoc<Value> extends DocFacts<Value> {
  readonly deleted: true
  readonly value: undefined
}
