// What the rows and the count of a query have in common: they follow its matches for as long as somebody watches, and are
// loaded at some time. Must not know what is made of the matches.

import { EyotError } from '../errors.js'
import { LingeringState } from '../lingering-state.js'
import { report } from '../report.js'
import type { ChangeCause } from '../types/collection.js'
import type { Unsubscribe } from '../types/live.js'
import type { Span } from './span.js'
import type { ViewUser } from './view.js'

interface Waiting {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** An answer that is made of the matches of a query. */
export abstract class LiveAnswer<State, Change = void> extends LingeringState<State, Change> implements ViewUser {
  #matches: Span | undefined
  #leaveView: Unsubscribe | undefined
  readonly #waiting = new Set<Waiting>()
  #loaded = false
  #fetching = false
  #closed = false

  readonly snapshot = (): State => {
    if (!this.#closed) this.#update()
    return this.state()
  }

  readonly loaded = (): boolean => this.#loaded

  /** The answer, when it is loaded. */
  async get(): Promise<State> {
    if (this.#closed) throw closedError()
    const unsubscribe = this.subscribe(() => undefined)
    try {
      if (!this.#loaded) {
        await new Promise<void>((resolve, reject) => {
          this.#waiting.add({ resolve, reject })
        })
      }
      return this.snapshot()
    } finally {
      unsubscribe()
    }
  }

  changed(ids: readonly string[], cause: ChangeCause): void {
    this.note(ids, cause)
    this.announce()
  }

  ready(): void {
    this.announce()
  }

  failed(error: unknown): void {
    if (this.#waiting.size === 0) report(error)
    this.#endWaiting(({ reject }) => reject(error))
  }

  closed(): void {
    this.#closed = true
    this.#drop()
    this.end()
    this.#endWaiting(({ reject }) => reject(closedError()))
  }

  /** Finds the matches. */
  protected abstract find(): Span
  /** What was made of the matches last. */
  protected abstract state(): State
  /** Notes that records have changed, and why. */
  protected abstract note(ids: readonly string[], cause: ChangeCause): void
  /** Makes something of the matches, which are up to date. Where that takes records that are not in memory, waits for them. */
  protected abstract make(matches: Span): Promise<unknown> | undefined
  /** Forgets what was made: nobody keeps it up to date any longer. */
  protected abstract forget(): void

  /** The matches, for as long as somebody watches. */
  protected get matches(): Span | undefined {
    return this.#matches
  }

  protected isKept(): boolean {
    return this.#matches !== undefined
  }

  protected leave(): void {
    this.#drop()
    this.#loaded = false
    this.forget()
  }

  /** Brings the state up to date, if the matches are; until then it stays as it is. */
  #update(): void {
    const matches = this.#open()
    if (this.#fetching || !matches.view.catchUp()) return
    const fetched = this.make(matches)
    if (fetched !== undefined) return void this.#waitFor(fetched)
    this.#loaded = true
    this.#endWaiting(({ resolve }) => resolve())
  }

  async #waitFor(fetched: Promise<unknown>): Promise<void> {
    this.#fetching = true
    try {
      await fetched
    } catch (error) {
      if (!this.#closed) this.failed(error)
      return
    } finally {
      this.#fetching = false
    }
    this.announce()
  }

  /** The matches, looked for if they are not: a snapshot may be asked for before, or without, a subscription. */
  #open(): Span {
    if (this.#matches !== undefined) return this.#matches
    const matches = this.find()
    this.#matches = matches
    this.#leaveView = matches.view.enter(this)
    this.kept()
    return matches
  }

  #drop(): void {
    this.stopLingering()
    this.#leaveView?.()
    this.#matches = undefined
  }

  #endWaiting(tell: (waiting: Waiting) => void): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    waiting.forEach(tell)
  }
}

function closedError(): EyotError {
  return new EyotError('closed', 'the database is closed', { detail: { reason: 'closed' } })
}
