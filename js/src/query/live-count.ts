// How many records match a query, to be watched. Must not know how matches are found.

import { LiveAnswer } from './live-answer.js'
import type { Span } from './span.js'

/** The number of matches, kept up to date while somebody watches; `undefined` until it is known. */
export class LiveCount extends LiveAnswer<number | undefined> {
  readonly #find: () => Span
  #count: number | undefined

  constructor(find: () => Span) {
    super()
    this.#find = find
  }

  /** The number, when it is known. */
  override async get(): Promise<number> {
    return (await super.get()) ?? 0
  }

  protected find(): Span {
    return this.#find()
  }

  protected state(): number | undefined {
    return this.#count
  }

  protected note(): void {
    // Whichever it was, the matches are counted.
  }

  protected make(matches: Span): undefined {
    this.#count = matches.size
  }

  protected forget(): void {
    this.#count = undefined
  }

  protected change(): void {
    // The number says it all.
  }
}
