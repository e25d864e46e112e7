// The middle of a read-apply-write. Must not know where the value comes from and where it goes.

import { EyotError } from './errors.js'
import { checkOptions } from './options.js'

/**
 * What the function makes of the present value, or of `options.initial` when there is none. Throws `EyotError`
 * `not-found` when there is neither, and a `TypeError` when the function takes its time.
 */
export function applyUpdate(
  where: string,
  present: { readonly value: unknown } | undefined,
  change: (value: unknown) => unknown,
  options: { readonly initial?: unknown } | undefined,
): unknown {
  if (typeof change !== 'function') throw new TypeError('what updates must be a function')
  checkOptions(options, ['initial'])
  if (present !== undefined) return finished('what updates', change(present.value))
  const initial = options?.initial
  if (initial === undefined) throw new EyotError('not-found', `there is no ${where}`, { detail: { record: where } })
  return finished('what updates', change(initial))
}

/** The result, unless it is a promise: what was read could change before that is kept. */
export function finished<Result>(what: string, result: Result): Result {
  const then: unknown = typeof result === 'object' && result !== null && 'then' in result ? result.then : undefined
  if (typeof then === 'function') throw new TypeError(`${what} must not be async: nothing was written`)
  return result
}
