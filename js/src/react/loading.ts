// Waiting in a Suspense boundary until a state is loaded. Must not know of components.

import type { Watchable } from './watchable.js'

interface Load {
  readonly promise: Promise<void>
  failure?: { readonly error: unknown }
  /** There is nothing to wait for any longer, and it is not loaded: the database was closed. */
  over?: true
}

// By what is watched and not by component: React forgets everything of a component that has never been shown.
const loads = new WeakMap<object, Load>()

/** Returns when the state is loaded, and throws otherwise: the promise to wait for, or what went wrong. */
export function suspendUntilLoaded(live: Watchable<unknown>, wait: () => Promise<unknown>): void {
  // Some are brought up to date by being looked at.
  live.snapshot()
  if (live.loaded?.() !== false) return
  let load = loads.get(live)
  if (load === undefined) {
    load = begin(live, wait)
    loads.set(live, load)
  }
  if (load.over === true) return
  if (load.failure === undefined) throw thrown(load.promise)
  // Whoever resets the error boundary wants another try.
  loads.delete(live)
  throw thrown(load.failure.error)
}

/** Resolves when the state is loaded, or when it will never be. */
export async function untilLoaded(live: Watchable<unknown>): Promise<void> {
  if (live.get !== undefined) {
    await live.get()
    return
  }
  for await (const _ of live) if (live.loaded?.() !== false) return
}

function begin(live: Watchable<unknown>, wait: () => Promise<unknown>): Load {
  const load: Load = {
    promise: wait().then(
      () => {
        if (live.loaded?.() === false) load.over = true
        else loads.delete(live)
      },
      (error: unknown) => {
        load.failure = { error }
      },
    ),
  }
  return load
}

/** What React wants thrown is not always an `Error`. */
function thrown(thing: unknown): Error {
  return thing as Error
}
