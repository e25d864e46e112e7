// What everything that can be watched has in common: listeners, one call for all that changes in one go, and iteration.
// Must not know what is watched.

import { report } from './report.js'
import type { Live, Unsubscribe } from './types/live.js'

interface Entry<State, Change> {
  readonly listener: (state: State, change: Change) => void
  /** The state of its last call, so that no listener is told the same thing twice. */
  last: State
}

/** A state that others watch. */
export abstract class LiveState<State, Change = void> implements Live<State, Change> {
  readonly #entries = new Set<Entry<State, Change>>()
  readonly #endings = new Set<() => void>()
  #scheduled = false
  #all = false
  #ended = false

  /** The present state: the same object as before, if nothing has changed. */
  abstract readonly snapshot: () => State

  /** What listeners are told beside the state: with their first call, or since they were last told. */
  protected abstract change(first: boolean): Change

  /** What a listener is told that was told of this state last; the others may have been told of another one. */
  protected changeSince(_last: State, change: Change): Change {
    return change
  }

  /** How many listeners there are. */
  protected get listenerCount(): number {
    return this.#entries.size
  }

  /** The first listener has come. */
  protected start(): void {
    // Nothing to do for a state that is set from outside.
  }

  /** The last listener has gone. */
  protected stop(): void {
    // The same.
  }

  readonly subscribe = (listener: (state: State, change: Change) => void): Unsubscribe => {
    if (typeof listener !== 'function') throw new TypeError('listener must be a function')
    if (this.#entries.size === 0 && !this.#ended) this.start()
    const entry = { listener, last: this.snapshot() }
    this.#entries.add(entry)
    call(entry, this.change(true))
    return () => {
      if (this.#entries.delete(entry) && this.#entries.size === 0) this.stop()
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<State, undefined> {
    let wake: () => void = () => undefined
    let fresh = true
    const ending = (): void => {
      wake()
    }
    this.#endings.add(ending)
    const unsubscribe = this.subscribe(() => {
      fresh = true
      wake()
    })
    try {
      for (;;) {
        // A slow reader gets the latest state, not every one on the way.
        if (fresh) {
          fresh = false
          yield this.snapshot()
        } else if (this.#ended) return
        else {
          await new Promise<void>(resolve => {
            wake = resolve
          })
        }
      }
    } finally {
      unsubscribe()
      this.#endings.delete(ending)
    }
  }

  /**
   * Notes that the state has changed: the listeners are called in a microtask, once for all that is noted until then.
   * `all`: those too who have been told of just this state.
   */
  protected announce(all = false): void {
    this.#all ||= all
    if (this.#scheduled || this.#entries.size === 0) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      this.#tell()
    })
  }

  /** Notes that the state will not change any more: iterations end, and no listener is called again. */
  protected end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#tell()
    if (this.#entries.size > 0) this.stop()
    this.#entries.clear()
    for (const ending of this.#endings) ending()
  }

  #tell(): void {
    if (this.#entries.size === 0) return
    const state = this.snapshot()
    const all = this.#all
    this.#all = false
    const due = [...this.#entries].filter(entry => all || entry.last !== state)
    if (due.length === 0) return
    const change = this.change(false)
    for (const entry of due) {
      // One listener may have unsubscribed another.
      if (!this.#entries.has(entry)) continue
      const itsChange = this.changeSince(entry.last, change)
      entry.last = state
      call(entry, itsChange)
    }
  }
}

function call<State, Change>(entry: Entry<State, Change>, change: Change): void {
  try {
    entry.listener(entry.last, change)
  } catch (error) {
    report(error)
  }
}
