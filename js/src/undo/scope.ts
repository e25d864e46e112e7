// Undo: records what is written through one database object, and takes it back. Must not know how writing is done.

import { checkName, show } from '../names.js'
import { checkOptions } from '../options.js'
import { LiveValue } from '../live-value.js'
import { partsOf } from '../internals.js'
import type { Write } from '../packing.js'
import { AWAY } from '../store.js'
import type { Doc } from '../types/doc.js'
import type { Batch, CollectionDefinitions, Database } from '../types/database.js'
import type { Unsubscribe } from '../types/live.js'
import type { LeftAlone, UndoOptions, UndoResult, UndoScope, UndoState } from '../types/undo.js'
import { revert, type Change, type Reversal, type State } from './revert.js'
import { changesOf, concernsSame, type Part, type Step } from './steps.js'

const DEFAULT_LIMIT = 100
const DEFAULT_JOIN_MS = 1_000
const NOTHING: UndoResult = Object.freeze({ changed: false, left: Object.freeze([]) })

/**
 * Begins to record what is written through this database object, so that it can be taken back. What other tabs, devices and
 * people do is not recorded, and not taken back; nor is a write to a record that was not in memory when it was written. Costs an application nothing that does not import it.
 *
 * @example
 * ```ts
 * const history = undo(db, { collections: ['notes'] })
 * await notes.update('n1', note => ({ ...note, done: true }))
 * await history.undo()
 * await history.redo()
 * ```
 */
export function undo<Definitions extends CollectionDefinitions>(
  db: Database<Definitions>,
  options: UndoOptions<keyof Definitions & string> = {},
): UndoScope {
  return new Scope(db, options)
}

type Side = 'done' | 'undone'

interface Known {
  readonly collection: string
  readonly id: string
  readonly before: Doc<unknown> | typeof AWAY | undefined
}

class Scope implements UndoScope {
  readonly state = new LiveValue<UndoState>(Object.freeze({ canUndo: false, canRedo: false }))
  readonly #db: Database
  readonly #collections: ReadonlySet<string> | undefined
  readonly #limit: number
  readonly #joinWithinMs: number
  readonly #unwatch: Unsubscribe
  readonly #steps: Record<Side, readonly Step[]> = { done: [], undone: [] }
  /** Where to record, if not as a step of the user's. */
  #capture: Step | undefined
  #group: Step | undefined
  /** The end of what is being taken back. */
  #busy: Promise<unknown> = Promise.resolve()

  constructor(db: Database, options: UndoOptions) {
    checkOptions(options, ['collections', 'limit', 'joinWithinMs'])
    const { collections, limit = DEFAULT_LIMIT, joinWithinMs = DEFAULT_JOIN_MS } = options
    if (!(limit >= 1)) throw new TypeError(`limit must be 1 or more, not ${show(limit)}`)
    if (!(joinWithinMs >= 0)) throw new TypeError(`joinWithinMs must be 0 or more, not ${show(joinWithinMs)}`)
    for (const name of collections ?? []) checkName('the name of a collection', name)
    this.#db = db
    this.#collections = collections === undefined ? undefined : new Set(collections)
    this.#limit = limit
    this.#joinWithinMs = joinWithinMs
    this.#unwatch = partsOf(db).writer.watch(writes => this.#writing(writes))
  }

  get canUndo(): boolean {
    return this.#steps.done.length > 0
  }

  get canRedo(): boolean {
    return this.#steps.undone.length > 0
  }

  async undo(): Promise<UndoResult> {
    return this.#inTurn(() => this.#revertLast('done', 'undone'))
  }

  async redo(): Promise<UndoResult> {
    return this.#inTurn(() => this.#revertLast('undone', 'done'))
  }

  group<Result>(work: () => Result): Result {
    if (typeof work !== 'function') throw new TypeError('a group needs a function')
    // A group within a group is part of it.
    if (this.#group !== undefined) return work()
    const step: Step = { parts: [], at: 0, closed: true }
    this.#group = step
    const end = (): void => {
      this.#group = undefined
    }
    try {
      const result = work()
      if (result instanceof Promise) void result.then(end, end)
      else end()
      return result
    } catch (error) {
      end()
      throw error
    }
  }

  clear(): void {
    this.#set([], [])
  }

  end(): void {
    this.#unwatch()
    this.#set([], [])
    this.state.finish(this.state.snapshot())
  }

  /** Writes are about to be made. Gives what to call when they are visible. */
  #writing(writes: readonly Write[]): ((durable: Promise<unknown>) => void) | undefined {
    const watched = new Map<string, Write>()
    for (const write of writes) {
      if (this.#collections?.has(write.collection) !== false) watched.set(`${write.collection}/${write.id}`, write)
    }
    if (watched.size === 0) return undefined
    const { store } = partsOf(this.#db)
    const befores = [...watched.values()].map(({ collection, id }): Known => {
      return { collection, id, before: store.read(collection, id) }
    })
    return durable => {
      const part = befores.flatMap(({ collection, id, before }): Change[] => {
        const after = store.read(collection, id)
        // What was written over is not known then, or what was written is not visible yet.
        return before === AWAY || after === AWAY ? [] : [{ collection, id, before, after }]
      })
      if (part.length === 0) return
      const step = this.#record(part)
      durable.catch(() => this.#forget(step, part))
    }
  }

  #record(part: Part): Step {
    const at = performance.now()
    const last = this.#steps.done.at(-1)
    const open = this.#capture ?? this.#group
    if (open !== undefined) {
      open.parts = [...open.parts, part]
      if (open === this.#capture || open === last) return open
      return this.#push(open)
    }
    const joins = last?.closed === false && at - last.at < this.#joinWithinMs && concernsSame(last, part)
    if (!joins) return this.#push({ parts: [part], at, closed: false })
    last.parts = [...last.parts, part]
    last.at = at
    return last
  }

  #push(step: Step): Step {
    // What was taken back is the future of another story now.
    this.#set([...this.#steps.done, step], [])
    return step
  }

  /** The writes have failed: they are not there any more. */
  #forget(step: Step, part: Part): void {
    step.parts = step.parts.filter(other => other !== part)
    if (step.parts.length > 0) return
    this.#take(step)
  }

  async #inTurn(work: () => Promise<UndoResult>): Promise<UndoResult> {
    const result = this.#busy.then(work)
    this.#busy = result.catch(() => undefined)
    return result
  }

  async #revertLast(from: Side, to: Side): Promise<UndoResult> {
    const step = this.#steps[from].at(-1)
    if (step === undefined) return NOTHING
    step.closed = true
    const { merger } = partsOf(this.#db).store
    const changes = changesOf(step, collection => merger.fieldsOf(collection))
    const docs = await Promise.all(changes.map(({ collection, id }) => this.#db.collection(collection).get(id)))
    const reversals = changes.map((change, index) => {
      return { change, ...revert(change, docs[index], merger.fieldsOf(change.collection)) }
    })
    const writes = reversals.filter(({ write }) => write !== undefined)
    const opposite: Step = { parts: [], at: 0, closed: true }
    const durable = this.#write(writes, opposite)
    this.#take(step)
    if (opposite.parts.length > 0) this.#put(to, opposite)
    try {
      await durable
    } catch (error) {
      this.#put(from, step)
      throw error
    }
    return Object.freeze({ changed: writes.length > 0, left: Object.freeze(reversals.flatMap(leftOf)) })
  }

  async #write(writes: readonly (Reversal & { readonly change: Change })[], opposite: Step): Promise<void> {
    if (writes.length === 0) return
    this.#capture = opposite
    try {
      // Visible when this returns.
      const durable = this.#db.batch(tx => {
        for (const { change, write } of writes) if (write !== undefined) put(tx, change, write.state, write.context)
      })
      this.#capture = undefined
      await durable
    } finally {
      this.#capture = undefined
    }
  }

  #take(step: Step): void {
    const { done, undone } = this.#steps
    this.#set(done.filter(other => other !== step), undone.filter(other => other !== step))
  }

  #put(side: Side, step: Step): void {
    const { done, undone } = this.#steps
    if (side === 'done') this.#set([...done, step], undone)
    else this.#set(done, [...undone, step])
  }

  #set(done: readonly Step[], undone: readonly Step[]): void {
    this.#steps.done = done.slice(-this.#limit)
    this.#steps.undone = undone
    const { canUndo, canRedo } = this
    const last = this.state.snapshot()
    if (last.canUndo !== canUndo || last.canRedo !== canRedo) this.state.set(Object.freeze({ canUndo, canRedo }))
  }
}

function put(tx: Batch, { collection, id }: Change, state: State, context: string | undefined): void {
  if (state === undefined) tx[collection]?.delete(id, { context })
  else tx[collection]?.put(id, state.value, { context })
}

function leftOf({ change: { collection, id }, left }: Reversal & { readonly change: Change }): LeftAlone[] {
  if (left === 'nothing') return []
  return [Object.freeze({ collection, id, fields: left === 'all' ? undefined : Object.freeze([...left]) })]
}
