// A state that is set from outside: the sync's status, the device's health.

import { LiveState } from './live-state.js'

/** A state that others watch and its owner sets. */
export class LiveValue<State> extends LiveState<State> {
  #state: State

  constructor(state: State) {
    super()
    this.#state = state
  }

  readonly snapshot = (): State => this.#state

  /** Sets the state and has the listeners told. */
  set(state: State): void {
    this.#state = state
    this.announce()
  }

  /** Sets the state for the last time. */
  finish(state: State): void {
    this.#state = state
    this.end()
  }

  protected change(): void {
    // The state says it all.
  }
}
