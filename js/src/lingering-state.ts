// A state that costs something to keep up to date: kept while somebody watches, and a moment longer. Must not know what it
// is made of.

import { LiveState } from './live-state.js'

// Views come and go. What nobody watches is kept for this long, in case the next one wants it.
const LINGER_MS = 1_000

/** A state that is kept up to date from when it is first wanted until nobody has watched it for a while. */
export abstract class LingeringState<State, Change = void> extends LiveState<State, Change> {
  #linger: ReturnType<typeof setTimeout> | undefined
  #watched = false

  /** Whether it is kept up to date now. */
  protected abstract isKept(): boolean
  /** Keeps it no longer: nobody has watched it for a while. */
  protected abstract leave(): void

  protected override start(): void {
    this.#watched = true
    this.stopLingering()
  }

  protected override stop(): void {
    this.#watched = false
    this.#leaveSoon()
  }

  /** Notes that it is kept from now on. It may have been asked for without anybody who watches. */
  protected kept(): void {
    if (!this.#watched) this.#leaveSoon()
  }

  /** Notes that there is nothing to leave later. */
  protected stopLingering(): void {
    clearTimeout(this.#linger)
  }

  #leaveSoon(): void {
    this.stopLingering()
    if (this.isKept()) this.#linger = setTimeout(() => this.leave(), LINGER_MS)
  }
}
