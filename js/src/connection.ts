// The way to the engine's shell: its errors become the package's, and once closed it answers nobody. Must not know what
// is asked.

import { EyotError, toEyotError } from './errors.js'
import type { Shell } from './shell.js'

/** An open shell. */
export class Connection {
  readonly #shell: Shell
  #closedBecause: string | undefined

  constructor(shell: Shell) {
    this.#shell = shell
  }

  /** Whether it answers. */
  get isOpen(): boolean {
    return this.#closedBecause === undefined
  }

  /** Asks something that is answered at once. */
  ask<Answer>(question: (shell: Shell) => Answer): Answer {
    if (this.#closedBecause !== undefined) {
      const detail = { reason: this.#closedBecause }
      throw new EyotError('closed', `the database is closed (${detail.reason})`, { detail })
    }
    try {
      return question(this.#shell)
    } catch (error) {
      throw toEyotError(error)
    }
  }

  /** Asks something that takes time. It is asked before this returns. */
  async wait<Answer>(question: (shell: Shell) => Promise<Answer>): Promise<Answer> {
    const answer = this.ask(question)
    try {
      return await answer
    } catch (error) {
      throw toEyotError(error)
    }
  }

  /** From now on nothing is answered. The first reason counts. */
  refuse(reason: string): void {
    this.#closedBecause ??= reason
  }
}
