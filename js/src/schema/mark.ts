// Where a stored value says with which version of its schema it was written: JSON may end with blanks, and their number is
// the version less one. Who knows nothing of it reads the value all the same. Where the fields of the value come from stands
// behind them, if it is told. Must not know what versions are for.

import { plainText } from '../merge/content.js'

/** The largest version, so that no value ends in more blanks than it has text. */
export const MAXIMUM_VERSION = 1_000

const BLANK = 0x20

/** The encoded value with its version. */
export function withVersion(text: string, version: number): string {
  return version === 1 ? text : text + ' '.repeat(version - 1)
}

/** The version with which the encoded value was written; 1 if it does not say. */
export function versionOf(stored: string): number {
  const text = plainText(stored)
  let end = text.length
  while (end > 0 && text.charCodeAt(end - 1) === BLANK) end -= 1
  return Math.min(text.length - end + 1, MAXIMUM_VERSION)
}
