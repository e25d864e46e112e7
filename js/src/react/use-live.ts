// The hooks: each watches one thing for as long as its component is shown. On a server they do nothing and give
// `undefined`, as there is no database. Must not know more of what they watch than that it is `Live`.

import { useMemo, useSyncExternalStore } from 'react'

import type { Doc } from '../types/doc.js'
import { suspendUntilLoaded, untilLoaded } from './loading.js'
import type { LiveHookOptions, Watchable } from './watchable.js'

const NOTHING = (): undefined => undefined
const NEVER = (): (() => void) => NOTHING
const NONE: readonly never[] = Object.freeze([])

/**
 * The state of anything that Eyot lets you watch, kept up to date. `undefined` watches nothing, as long as the database is
 * being opened, say. What is watched must be the same object from one rendering to the next.
 *
 * @example
 * ```ts
 * const health = useLive(db.health)
 * ```
 */
export function useLive<State>(live: Watchable<State>, options?: LiveHookOptions): State
export function useLive<State>(live: Watchable<State> | undefined, options?: LiveHookOptions): State | undefined
export function useLive<State>(live: Watchable<State> | undefined, options?: LiveHookOptions): State | undefined {
  const state = useSyncExternalStore(live?.subscribe ?? NEVER, live?.snapshot ?? NOTHING, NOTHING)
  if (live !== undefined && options?.suspense === true) suspendUntilLoaded(live, () => untilLoaded(live))
  return state
}

/**
 * The rows of a query; `undefined` until all are found. Rows of records that have not changed are the same objects, so a
 * row's component in `memo` renders again when its own record has changed, and not with others.
 *
 * The query is made by a function, anew when one of the dependencies is another one, as for `useMemo`; or it is one that
 * stays the same from one rendering to the next.
 *
 * @example
 * ```ts
 * const docs = useLiveQuery(() => notes.query({ where: { done: false } }), [notes])
 * ```
 */
export function useLiveQuery<Rows>(
  make: () => Watchable<Rows> | undefined,
  dependencies: readonly unknown[],
  options?: LiveHookOptions,
): Rows | undefined
export function useLiveQuery<Rows>(query: Watchable<Rows> | undefined, options?: LiveHookOptions): Rows | undefined
export function useLiveQuery<Rows>(
  source: Watchable<Rows> | (() => Watchable<Rows> | undefined) | undefined,
  second?: readonly unknown[] | LiveHookOptions,
  third?: LiveHookOptions,
): Rows | undefined {
  const made = typeof source === 'function'
  const dependencies = made ? (second as readonly unknown[] | undefined) : [source]
  const options = made ? third : (second as LiveHookOptions | undefined)
  const live = useMemo(() => (typeof source === 'function' ? source() : source), dependencies ?? NONE)
  const rows = useSyncExternalStore(live?.subscribe ?? NEVER, () => complete(live), NOTHING)
  if (live !== undefined && options?.suspense === true) suspendUntilLoaded(live, () => untilLoaded(live))
  return rows
}

function complete<Rows>(live: Watchable<Rows> | undefined): Rows | undefined {
  // Asked first: some are brought up to date by being looked at.
  const rows = live?.snapshot()
  return live?.loaded?.() === false ? undefined : rows
}

/**
 * The record of that id; `undefined` when it is absent or deleted, and without a collection or an id.
 *
 * @example
 * ```ts
 * const heron = useDoc(notes, 'n1')
 * ```
 */
export function useDoc<Value>(
  collection: RecordsById<Value> | undefined,
  id: string | undefined,
  options?: LiveHookOptions,
): Doc<Value> | undefined {
  const live = useMemo(() => (id === undefined ? undefined : collection?.live(id)), [collection, id])
  const doc = useSyncExternalStore(live?.subscribe ?? NEVER, live?.snapshot ?? NOTHING, NOTHING)
  if (live !== undefined && collection !== undefined && id !== undefined && options?.suspense === true) {
    suspendUntilLoaded(live, () => collection.get(id))
  }
  return doc
}

/** What `useDoc` needs of a collection. */
export interface RecordsById<Value> {
  get(id: string): Promise<Doc<Value> | undefined>
  // What `live` gives without an id must not tell the type of the value.
  live(id: string): Watchable<Doc<NoInfer<Value>> | undefined>
}

/**
 * The conflicts of a collection, as documents, or of a whole database.
 *
 * @example
 * ```ts
 * badge(useConflicts(notes).length)
 * ```
 */
export function useConflicts<Item>(source: { conflicts(): Watchable<readonly Item[]> } | undefined): readonly Item[] {
  // A collection and a database give the same object each time; something else may not.
  const live = useMemo(() => source?.conflicts(), [source])
  return useLive(live) ?? NONE
}

/**
 * What the sync with a relay is doing; `undefined` without one.
 *
 * @example
 * ```ts
 * const status = useSync(sync)
 * show(status?.state, status?.unsent)
 * ```
 */
export function useSync<Status>(sync: { readonly status: Watchable<Status> } | undefined): Status | undefined {
  return useLive(sync?.status)
}
