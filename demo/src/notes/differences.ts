// Which words of one text another text lacks: for marking what differs between two versions. Text in, marks out.
import { diffWordsWithSpace } from 'diff'

/** A run of text; `own` says that the other text does not have it. */
export interface Piece {
  text: string
  own: boolean
}

/** Comparing is for the eye, so it gives up early on texts which have little in common. */
const maximumEdits = 600

/** The whole of `text` in order, with the runs marked that `other` lacks. */
export function markDifferences(text: string, other: string): Piece[] {
  if (text === '') return []
  if (text === other) return [{ text, own: false }]
  const parts = diffWordsWithSpace(other, text, { maxEditLength: maximumEdits })
  if (parts === undefined) return [{ text, own: true }]
  return parts.filter((part) => !part.removed).map((part) => ({ text: part.value, own: part.added }))
}
