// What the hooks need of what they watch, and nothing more: so they work with whatever keeps to `Live`. Types only.

import type { Live } from '../types/live.js'

/** A state that can be watched. Some tell whether they are complete. */
export interface Watchable<State> extends Live<State, unknown> {
  /** Whether all of it is there. Left out, it always is. */
  readonly loaded?: () => boolean
  /** The state, when all of it is there. */
  readonly get?: () => Promise<unknown>
}

/** How a hook watches. */
export interface LiveHookOptions {
  /**
   * Whether the component waits in its `Suspense` boundary until the state is loaded, instead of rendering what there is.
   * What goes wrong while loading is thrown to the nearest error boundary.
   */
  readonly suspense?: boolean | undefined
}
