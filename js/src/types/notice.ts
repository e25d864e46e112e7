// What an application may want to know and need not act on. Types only; knows nothing of how it is found out.

/**
 * What a notice is about. New codes may be added in a minor version.
 *
 * - `replica-forked`: this copy of the database was found to be one of two (a copied browser profile), or to have been set
 *   back (a restored backup). It goes on as a device of its own, under a new name: `replica` of its later writes is
 *   another one. What nobody had heard of was kept and is sent. Nothing is lost, and nothing need be done.
 * - `dot-collision`: before that was found out, both copies had written these records. Both versions stand, as a conflict.
 * - `storage-lost`: on this device there was a database of this name, and the browser no longer has it: it was cleared, or
 *   given up for want of room, or damaged. A new and empty one was made. What a relay has comes back by syncing; what had
 *   not been sent is gone, and `savedAt` says since when that may be.
 */
export type NoticeCode = 'replica-forked' | 'dot-collision' | 'storage-lost'

/** Something that an application may want to know. */
export interface Notice {
  /** A stable code. */
  readonly code: NoticeCode
  /** The same in sentences that can be shown to a person. */
  readonly message: string
  /** When it was found out: milliseconds since 1970. */
  readonly at: number
  /** The records that it is about, if it is about records. */
  readonly records: readonly { readonly collection: string; readonly id: string }[]
  /**
   * With `storage-lost`, the last time at which everything of this device was known to be saved, as `db.saved()` means it:
   * milliseconds since 1970. Left out where that is not known, as when it never synced with a relay.
   */
  readonly savedAt?: number
}

/** What has come to a list of notices. */
export interface NoticesChange {
  /** The notices that this listener has not been told of, the oldest first: with its first call, all. */
  readonly added: readonly Notice[]
}
