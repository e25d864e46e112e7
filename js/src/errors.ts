// The package's error: one class, one list of codes. It must not know what any part of the engine does.

/**
 * Every code that an {@link EyotError} can carry, with what it means and what to do.
 *
 * Codes are stable: a program may branch on them. New ones may be added in a minor version, so keep a default branch.
 *
 * | code | meaning | what to do |
 * |---|---|---|
 * | `unsupported-environment` | something that Eyot needs is missing here, e.g. `indexedDB` (on a server); `detail.missing` lists it | open the database in a browser only |
 * | `engine-load-failed` | the WebAssembly file could not be fetched or compiled | try again when online; check that the server serves `eyot_bg.wasm` |
 * | `engine-not-loaded` | `compare` was called before the engine was loaded | await `open()` or `load()` first |
 * | `closed` | the database has been closed, by this page or for a reason in `detail.reason` | open it again |
 * | `not-found` | `update` of a record that is absent or deleted | `put` it, or give `update` an `initial` value |
 * | `unreadable-value` | a stored value cannot be decoded: something newer wrote it | update the app; the other siblings stay readable |
 * | `invalid-name`, `invalid-id` | the engine refused the name of a database or collection, or a record's id | correct it |
 * | `invalid-context` | a context that is not a context's text | hand back what a read gave |
 * | `invalid-token` | a token that is not a token's text | hand over what `db.token()` gave |
 * | `invalid-export` | bytes that `db.export()` has not made, or damaged ones; nothing was imported | choose another file |
 * | `deletions-unknown` | the export is of a copy that has forgotten deletions of which this one has not heard; nothing was imported | import it into an empty database, or sync |
 * | `invalid-argument` | the engine was given what it does not understand | report it: the package should have refused it |
 * | `record-too-large` | the encoded value is larger than a record may be | split it into several records |
 * | `schema-invalid` | the value is not what the collection's schema demands; `detail.issues` says what is wrong, and where | correct it |
 * | `too-many-references` | a version refers to more earlier writes than is allowed | write less in one go |
 * | `too-many-siblings` | a record has as many siblings as are allowed | resolve the conflict with the context of a read |
 * | `too-many-writers` | as many replicas have written the record as a record can name | go on with a new record |
 * | `counters-exhausted` | this copy has used up its numbers for writes, which only a false clock from elsewhere brings about | export, `destroy` the database, import |
 * | `sync-already-started` | a database syncs with one relay at a time | `stop()` the other one first |
 * | `peer-left` | the connection to a replica that was joined has ended | join it over a new channel |
 * | `quota-exceeded` | the browser has no room left; the write was taken back out of view | free room, then write again |
 * | `storage-unavailable` | the browser does not let this page store anything, as in some private windows | tell the user |
 * | `storage-blocked` | another tab holds on to the storage in an older form | close the other tabs |
 * | `storage-corrupt` | what is stored cannot be read | `destroy` the database, sync or import it anew |
 * | `storage-failed`, `transaction-aborted` | the write could not be made durable and was taken back out of view | write again; look at `db.health` |
 * | `storage-lost` | the browser has closed the storage and it could not be reopened, or is no longer there | reload the page |
 * | `newer-version` | a newer version of Eyot has written the storage | reload the page, for the newer app |
 * | `version-change` | a newer version of the app needs the storage in another form | reload the page |
 * | `destroyed-elsewhere` | another tab has destroyed the database | open it again to begin anew |
 * | `internal` | a fault in Eyot itself; `cause` has what is known | report it |
 *
 * Codes of the sync (`SyncStatus.error.code`) are the relay's and the network's, and not in this list.
 */
export type EyotErrorCode =
  | 'unsupported-environment'
  | 'engine-load-failed'
  | 'engine-not-loaded'
  | 'closed'
  | 'not-found'
  | 'unreadable-value'
  | 'invalid-name'
  | 'invalid-id'
  | 'invalid-context'
  | 'invalid-token'
  | 'invalid-export'
  | 'deletions-unknown'
  | 'invalid-argument'
  | 'record-too-large'
  | 'schema-invalid'
  | 'too-many-references'
  | 'too-many-siblings'
  | 'too-many-writers'
  | 'counters-exhausted'
  | 'sync-already-started'
  | 'peer-left'
  | 'quota-exceeded'
  | 'storage-unavailable'
  | 'storage-blocked'
  | 'storage-corrupt'
  | 'storage-failed'
  | 'transaction-aborted'
  | 'storage-lost'
  | 'newer-version'
  | 'version-change'
  | 'destroyed-elsewhere'
  | 'internal'

/** What may accompany an {@link EyotError}. */
export interface EyotErrorOptions {
  /** What is known beyond the code; its shape depends on the code. */
  readonly detail?: unknown
  /** The error behind this one. */
  readonly cause?: unknown
}

/**
 * An error that Eyot reports. Branch on {@link EyotError.code}, not on the message.
 *
 * Mistakes of the calling program (a value that cannot be stored, an id that is none) are a `TypeError` instead.
 *
 * @example
 * ```ts
 * try {
 *   await notes.put('n1', note)
 * } catch (error) {
 *   if (error instanceof EyotError && error.code === 'quota-exceeded') askToFreeRoom()
 *   else throw error
 * }
 * ```
 */
export class EyotError extends Error {
  /** The stable code: see {@link EyotErrorCode}. */
  readonly code: EyotErrorCode
  /** What is known beyond the code; its shape depends on the code. */
  readonly detail: unknown

  constructor(code: EyotErrorCode, message: string, options: EyotErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'EyotError'
    this.code = code
    this.detail = options.detail
  }
}

/** The error as the package reports it: what the engine throws (an `Error` with a string `code`) becomes an `EyotError`. */
export function toEyotError(error: unknown): Error {
  if (error instanceof EyotError || error instanceof TypeError) return error
  if (error instanceof Error) {
    const { code, detail } = error as Error & { code?: unknown; detail?: unknown }
    if (typeof code === 'string') return new EyotError(code as EyotErrorCode, error.message, { detail, cause: error })
    return new EyotError('internal', error.message, { cause: error })
  }
  return new EyotError('internal', String(error), { cause: error })
}
