// Checks the options that callers hand over: an option that is not known is a mistake, not a wish for later.

/** Throws a `TypeError` unless it is an object (or left out) with no other options than these. */
export function checkOptions(options: unknown, known: readonly string[]): asserts options is object | undefined {
  if (options === undefined) return
  if (typeof options !== 'object' || options === null) throw new TypeError('options must be an object')
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new TypeError(`there is no option ${JSON.stringify(name)} here`)
  }
}
