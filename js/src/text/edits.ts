// What makes one text of another: a few edits, where whole words, and within them single characters, stay. Must not know what the
// texts are for.

import { diffLines, diffWordsWithSpace } from 'diff'

/** At a place of the text before: so many units (of UTF-16) are removed, and these inserted. */
export interface TextEdit {
  readonly at: number
  readonly remove: number
  readonly insert: string
}

// The time that a comparison takes grows with the number of differences.
const MOST_DIFFERENCES = 400

/** What makes one text of the other in one place; `undefined` where they are the same. No pair of surrogates is divided. */
export function editBetween(before: string, after: string): TextEdit | undefined {
  return trimmed({ at: 0, remove: before.length, insert: after }, before)
}

/**
 * The edits from one text to the other, in the order of their places, which are all those of the text before. No pair of
 * surrogates is divided.
 */
export function editsBetween(before: string, after: string): readonly TextEdit[] {
  const whole = editBetween(before, after)
  if (whole === undefined) return []
  if (whole.remove === 0 || whole.insert === '') return [whole]
  const removed = before.slice(whole.at, whole.at + whole.remove)
  const options = { maxEditLength: MOST_DIFFERENCES }
  const changes = diffWordsWithSpace(removed, whole.insert, options) ?? diffLines(removed, whole.insert, options)
  if (changes === undefined) return [whole]
  const edits: TextEdit[] = []
  let open = { at: whole.at, remove: 0, insert: '' }
  const close = (): void => {
    const edit = trimmed(open, before)
    if (edit !== undefined) edits.push(edit)
  }
  for (const { added, removed: gone, value } of changes) {
    if (added) open.insert += value
    else if (gone) open.remove += value.length
    else {
      close()
      open = { at: open.at + open.remove + value.length, remove: 0, insert: '' }
    }
  }
  close()
  return edits
}

/** Where a place of the text before is in the text after. What was inserted exactly there comes after it. */
export function placeAfter(place: number, edits: readonly TextEdit[]): number {
  let moved = place
  for (const { at, remove, insert } of edits) {
    if (at >= place) break
    moved += insert.length - Math.min(remove, place - at)
    // Within what was replaced: it stays as far from its beginning as it was, where there is so much.
    if (at + remove > place) moved -= insert.length - Math.min(insert.length, place - at)
  }
  return moved
}

/** The edit without what it leaves as it was; `undefined` when that is all. */
function trimmed({ at, remove, insert }: TextEdit, before: string): TextEdit | undefined {
  const most = Math.min(remove, insert.length)
  let start = 0
  while (start < most && before[at + start] === insert[start]) start += 1
  if (divides(before, at + start) || divides(insert, start)) start -= 1
  let end = 0
  while (end < most - start && before[at + remove - end - 1] === insert[insert.length - end - 1]) end += 1
  if (divides(before, at + remove - end) || divides(insert, insert.length - end)) end -= 1
  if (start + end === remove && remove === insert.length) return undefined
  return { at: at + start, remove: remove - start - end, insert: insert.slice(start, insert.length - end) }
}

/** Whether the place is between the two halves of a pair of surrogates. */
function divides(text: string, place: number): boolean {
  const [high, low] = [text.charCodeAt(place - 1), text.charCodeAt(place)]
  return (high & 0xfc00) === 0xd800 && (low & 0xfc00) === 0xdc00
}
