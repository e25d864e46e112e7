// Where the caret belongs when a text changes under it. Pure.

/**
 * The caret's place in `after`, so that it stays between the same letters: what changed before it moves it along, what
 * changed behind it does not.
 */
export function moveCaret(before: string, after: string, caret: number): number {
  const shorter = Math.min(before.length, after.length)
  let prefix = 0
  while (prefix < shorter && before[prefix] === after[prefix]) prefix += 1
  if (caret <= prefix) return caret
  let suffix = 0
  while (suffix < shorter - prefix && before.at(-1 - suffix) === after.at(-1 - suffix)) suffix += 1
  const behind = before.length - caret
  return behind <= suffix ? after.length - behind : after.length - suffix
}
