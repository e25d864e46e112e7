// A text with the words marked that another text does not have: all of it, or the part where they begin to differ.
import type { JSX } from 'preact'
import type { Piece } from '../notes/differences.ts'
import { markDifferences } from '../notes/differences.ts'

/** So much is shown of what stands before the first difference, and so much in all. */
const leadCharacters = 48
const excerptCharacters = 320

interface MarkedProps {
  readonly text: string
  readonly other: string
  /** Only where they begin to differ. */
  readonly excerpt?: boolean
}

export function Marked({ text, other, excerpt = false }: MarkedProps): JSX.Element {
  const pieces = markDifferences(text, other)
  return (
    <>
      {(excerpt ? excerptOf(pieces) : pieces).map((piece, index) => (piece.own ? <mark key={index}>{piece.text}</mark> : piece.text))}
    </>
  )
}

function excerptOf(pieces: readonly Piece[]): Piece[] {
  const found: Piece[] = []
  let left = excerptCharacters
  const firstOwn = pieces.findIndex(({ own }) => own)
  for (const [index, { text, own }] of pieces.entries()) {
    if (left <= 0) break
    if (index + 1 < firstOwn) continue
    const isLead = index + 1 === firstOwn && text.length > leadCharacters
    const shown = isLead ? `…${text.slice(-leadCharacters)}` : text.slice(0, left)
    found.push({ text: shown.length < text.length && !isLead ? `${shown}…` : shown, own })
    left -= shown.length
  }
  return found
}
