// All records of a collection, to be watched. Must not know how they are read.

import { CollectionCopy, type CopySource } from './collection-copy.js'
import type { Hub } from './hub.js'
import { LingeringState } from './lingering-state.js'
import type { CollectionChange } from './types/collection.js'
import type { Doc } from './types/doc.js'
import type { Unsubscribe } from './types/live.js'

/** The documents of a collection, kept up to date while somebody watches. */
export class LiveCollection extends LingeringState<readonly Doc<unknown>[], CollectionChange> {
  readonly #hub: Hub
  readonly #source: CopySource
  #copy: CollectionCopy | undefined
  #unwatch: Unsubscribe | undefined
  #final: readonly Doc<unknown>[] | undefined
  #finallyLoaded = false

  constructor(hub: Hub, source: Omit<CopySource, 'announce'>) {
    super()
    this.#hub = hub
    this.#source = {
      ...source,
      announce: () => {
        this.announce()
      },
    }
  }

  readonly snapshot = (): readonly Doc<unknown>[] => this.#final ?? this.#open().current()

  readonly loaded = (): boolean => this.#copy?.loaded ?? this.#finallyLoaded

  protected change(first: boolean): CollectionChange {
    const loaded = this.loaded()
    if (!first) return { ids: [], causes: [], ...this.#copy?.takeUntold(), loaded }
    // Others still wait to be told; the only listener is told everything now.
    if (this.listenerCount === 1) this.#copy?.takeUntold()
    return { ids: this.snapshot().map(doc => doc.id), causes: ['load'], loaded }
  }

  protected isKept(): boolean {
    return this.#copy !== undefined
  }

  protected leave(): void {
    this.stopLingering()
    this.#unwatch?.()
    this.#copy?.cancel()
    this.#copy = undefined
  }

  /** The copy, begun if there is none: a snapshot may be asked for before, or without, a subscription. */
  #open(): CollectionCopy {
    if (this.#copy !== undefined) return this.#copy
    const copy = new CollectionCopy(this.#source)
    copy.load()
    this.#copy = copy
    this.#unwatch = this.#hub.watch(this.#source.collection, {
      changed: (_, ids, cause) => {
        copy.note(ids, cause)
      },
      closed: () => {
        this.#final = copy.docs
        this.#finallyLoaded = copy.loaded
        this.leave()
        this.end()
      },
    })
    this.kept()
    return copy
  }
}
