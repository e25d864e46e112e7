// Tells of changes, with the records before and after. Holds the records for that, while somebody listens. Must not know
// how they come about.

import { CollectionCopy } from './collection-copy.js'
import type { Connection } from './connection.js'
import type { Hub } from './hub.js'
import { report } from './report.js'
import { findDoc } from './sorted-docs.js'
import type { Store } from './store.js'
import type { ChangesListener, RecordChange } from './types/change.js'
import type { Doc } from './types/doc.js'
import type { Unsubscribe } from './types/live.js'

/** What a feed is of. */
export interface FeedSource {
  readonly connection: Connection
  readonly store: Store
  readonly hub: Hub
  readonly collections: readonly string[]
}

interface Followed {
  readonly copy: CollectionCopy
  readonly unwatch: Unsubscribe
  /** The records as they were told of last. */
  told: readonly Doc<unknown>[]
}

/** The changes of some collections. */
export class ChangeFeed {
  readonly #source: FeedSource
  readonly #listeners = new Set<{ readonly listener: ChangesListener }>()
  readonly #followed = new Map<string, Followed>()
  #scheduled = false

  constructor(source: FeedSource) {
    this.#source = source
  }

  /** Calls the listener with all changes from now on. */
  subscribe(listener: ChangesListener): Unsubscribe {
    if (typeof listener !== 'function') throw new TypeError('listener must be a function')
    if (this.#listeners.size === 0) for (const collection of this.#source.collections) this.#follow(collection)
    // A listener of its own, also when the same function is given twice.
    const entry = { listener }
    this.#listeners.add(entry)
    return () => {
      if (this.#listeners.delete(entry) && this.#listeners.size === 0) this.#leave()
    }
  }

  #follow(collection: string): void {
    const { connection, store, hub } = this.#source
    const copy = new CollectionCopy({ connection, store, collection, announce: () => this.#announce() })
    const unwatch = hub.watch(collection, {
      changed: (_, ids, cause) => {
        copy.note(ids, cause)
      },
      closed: () => {
        this.#listeners.clear()
        this.#leave()
      },
    })
    this.#followed.set(collection, { copy, unwatch, told: [] })
    copy.load()
    const followed = this.#followed.get(collection)
    if (followed !== undefined) followed.told = copy.docs
    copy.takeUntold()
  }

  #leave(): void {
    for (const { copy, unwatch } of this.#followed.values()) {
      copy.cancel()
      unwatch()
    }
    this.#followed.clear()
  }

  // In a microtask: what was written in one go is told in one call.
  #announce(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      this.#tell()
    })
  }

  #tell(): void {
    let changes: RecordChange[]
    try {
      changes = Object.freeze([...this.#followed].flatMap(([collection, followed]) => news(collection, followed))) as RecordChange[]
    } catch (error) {
      report(error)
      return
    }
    if (changes.length === 0) return
    for (const entry of [...this.#listeners]) {
      // One listener may have ended another one.
      if (this.#listeners.has(entry)) call(entry.listener, changes)
    }
  }
}

/** What is new in a collection. */
function news(collection: string, followed: Followed): RecordChange[] {
  const before = followed.told
  const after = followed.copy.current()
  const changes: RecordChange[] = []
  for (const [id, cause] of followed.copy.takeUntoldCauses()) {
    // Read for the first time: the record has been there before.
    if (cause === 'load') continue
    changes.push(Object.freeze({ collection, id, before: findDoc(before, id), after: findDoc(after, id), cause }))
  }
  followed.told = after
  return changes
}

function call(listener: ChangesListener, changes: readonly RecordChange[]): void {
  try {
    listener(changes)
  } catch (error) {
    report(error)
  }
}
