// What can be watched. Types only; knows nothing of records.

/** Ends a subscription. Calling it again does nothing. */
export type Unsubscribe = () => void

/**
 * A state that changes. Its functions need no `this`, so they can be handed over as they are, for example to React's
 * `useSyncExternalStore(live.subscribe, live.snapshot)`.
 *
 * @example
 * ```ts
 * for await (const doc of notes.live('n1')) console.log(doc?.value.title)
 * ```
 */
export interface Live<State, Change = void> extends AsyncIterable<State> {
  /**
   * Calls the listener at once with the present state, then after every change. Changes made in one go are one call, in
   * a microtask after them. What a listener throws is reported as an uncaught error and disturbs nobody else.
   */
  readonly subscribe: (listener: (state: State, change: Change) => void) => Unsubscribe
  /** The present state: the same object as before, if nothing has changed. */
  readonly snapshot: () => State
}
