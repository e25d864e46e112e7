// Tells those who watch that records have changed. Knows neither the records nor the engine.

import type { ChangeCause } from './types/collection.js'
import type { Unsubscribe } from './types/live.js'

/** Is told of changes in one collection, or in all. */
export interface Watcher {
  changed(collection: string, ids: readonly string[], cause: ChangeCause): void
  /** There will be no more changes. */
  closed(): void
}

const EVERY_COLLECTION = '*'

/** Who watches what. */
export class Hub {
  readonly #collections = new Map<string, Set<Watcher>>()
  readonly #records = new Map<string, Map<string, Set<Watcher>>>()

  /** Watches one record. However many records are watched, a change reaches only the watchers of its own. */
  watchRecord(collection: string, id: string, watcher: Watcher): Unsubscribe {
    const records = getOrAdd(this.#records, collection, () => new Map<string, Set<Watcher>>())
    const watchers = getOrAdd(records, id, () => new Set<Watcher>())
    watchers.add(watcher)
    return () => {
      watchers.delete(watcher)
      if (watchers.size === 0 && records.get(id) === watchers) records.delete(id)
    }
  }

  /** Watches a collection, or all of them. */
  watch(collection: string | undefined, watcher: Watcher): Unsubscribe {
    const watchers = getOrAdd(this.#collections, collection ?? EVERY_COLLECTION, () => new Set<Watcher>())
    watchers.add(watcher)
    return () => watchers.delete(watcher)
  }

  /** Whether somebody watches the collection, or some of its records. */
  watches(collection: string): boolean {
    const isWatched = (key: string) => (this.#collections.get(key)?.size ?? 0) > 0
    return isWatched(collection) || isWatched(EVERY_COLLECTION) || (this.#records.get(collection)?.size ?? 0) > 0
  }

  /** Tells the watchers. They note it and act later, so none of them can disturb another. */
  changed(collection: string, ids: readonly string[], cause: ChangeCause): void {
    for (const key of [collection, EVERY_COLLECTION]) {
      for (const watcher of this.#collections.get(key) ?? []) watcher.changed(collection, ids, cause)
    }
    const records = this.#records.get(collection)
    if (records === undefined || records.size === 0) return
    for (const id of ids) {
      for (const watcher of records.get(id) ?? []) watcher.changed(collection, ids, cause)
    }
  }

  /** Tells all watchers that there will be no more changes, and forgets them. */
  close(): void {
    const everyone = new Set<Watcher>()
    for (const watchers of this.#collections.values()) watchers.forEach(watcher => everyone.add(watcher))
    for (const records of this.#records.values()) {
      for (const watchers of records.values()) watchers.forEach(watcher => everyone.add(watcher))
    }
    this.#collections.clear()
    this.#records.clear()
    for (const watcher of everyone) watcher.closed()
  }
}

function getOrAdd<Key, Item>(map: Map<Key, Item>, key: Key, make: () => Item): Item {
  let item = map.get(key)
  if (item === undefined) {
    item = make()
    map.set(key, item)
  }
  return item
}
