// A field that is a text in which several people write: what they insert and delete at the same time is merged. Must not know of
// other kinds of fields, nor how texts are merged.
//
// The value is the plain text. Its first part has the text's state: `[write, state]`, or `[write, 0]` where the text was inserted
// as a whole and nothing else is known of it. The writes are those that have set the text so, as in a plain field. A text that
// says nothing of itself was written by somebody who does not share texts. It is taken for the beginning of a history, and beside
// texts of another history it is a conflict.

import type { Cell, FieldPolicy, Outcome, Part, Seen, State, WriteFacts, Written } from '../merge/cell.js'
import { OWN_WRITE } from '../merge/cell.js'
import { register, stampsOf, standing } from '../merge/register.js'
import { Authors } from './authors.js'
import { mergedFrom, wellFormed } from './merged.js'
import { SharedText, WHOLE, type TextState } from './shared-text.js'

/** A text as one version has it. */
interface Candidate {
  readonly cell: Cell
  readonly value: string
  readonly state: TextState | undefined
}

/** What is shown of several texts. */
interface Shown {
  readonly value: string
  readonly state: TextState | undefined
  readonly from: readonly Candidate[]
}

/** How a shared text is merged and written. */
export class TextField implements FieldPolicy {
  readonly #authors = new Authors()
  /** The text that was written last, which is often the next one that is changed. */
  #last: { readonly state: string; readonly text: SharedText } | undefined

  merge(cells: readonly Cell[], seen: Seen): Outcome | undefined {
    if (cells.some(cell => cell.present && typeof cell.value !== 'string')) return undefined
    // Who has set it goes by the same rules as in a plain field.
    const plain = new Map(cells.map(cell => [asPlain(cell), cell]))
    const left = standing([...plain.keys()], seen)
    const candidates = left.filter(cell => cell.present).map((cell): Candidate => {
      return { cell, value: cell.value as string, state: stateOf(plain.get(cell)?.parts) }
    })
    const [first] = candidates
    if (first === undefined) return register.merge([...plain.keys()], seen)
    const { value, state, from } = shownOf(first, candidates)
    const stamps = [...new Set(from.flatMap(candidate => stampsOf(candidate.cell)))].sort()
    return { present: true, value, conflicted: from.length < left.length, parts: toParts(stamps, state) }
  }

  write(before: Outcome | undefined, given: unknown, { field, isKnown }: WriteFacts): Written {
    if (typeof given !== 'string') throw new TypeError(`value.${field} must be a string: it is a text`)
    const value = wellFormed(given)
    if (before?.present !== true || typeof before.value !== 'string') {
      return { value, parts: isKnown ? [[OWN_WRITE, WHOLE]] : undefined }
    }
    if (before.value === value) return { value, parts: before.parts }
    if (!isKnown) return { value, parts: undefined }
    const text = this.#open(before.value, stateOf(before.parts) ?? WHOLE)
    text.change(value, this.#authors)
    const { state } = text
    this.#last = { state, text }
    return { value, parts: [[OWN_WRITE, state]] }
  }

  revert(was: unknown, became: unknown, is: unknown): State {
    if (typeof was !== 'string' || typeof became !== 'string' || typeof is !== 'string') return undefined
    // What was done is the common beginning of its undoing and of what others did.
    return { value: mergedFrom(became, was, is) }
  }

  #open(value: string, state: TextState): SharedText {
    const last = this.#last
    this.#last = undefined
    return last?.state === state && last.text.value === value ? last.text : openText(value, state)
  }
}

/** What several texts come to: all that have a common history or begin one; else the first, and those that are like it. */
function shownOf(first: Candidate, candidates: readonly Candidate[]): Shown {
  const isSame = ({ value, state }: Candidate): boolean => value === first.value && state === first.state
  if (candidates.every(isSame)) return { value: first.value, state: first.state, from: candidates }
  const told = candidates.filter(({ state }) => state !== undefined)
  const merged = mergedText(told)
  const belongs = (candidate: Candidate): boolean => {
    return candidate.state !== undefined ? merged !== undefined : merged?.hasBegunWith(candidate.value) === true
  }
  const related = candidates.filter(belongs)
  if (merged !== undefined && related.includes(first)) return { value: merged.value, state: merged.state, from: related }
  const like = candidates.filter(isSame)
  return { value: first.value, state: first.state, from: like }
}

/** `undefined` where there is none, and where their states do not fit together. */
function mergedText(candidates: readonly Candidate[]): SharedText | undefined {
  // States that somebody has made up may come to something else in another order.
  const sorted = candidates.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
  try {
    const [first, ...others] = sorted.map(({ value, state = WHOLE }) => openText(value, state))
    for (const other of others) first?.merge(other)
    return first
  } catch {
    return undefined
  }
}

function keyOf({ value, state = WHOLE }: Candidate): string {
  return `${String(state)} ${value}`
}

/** The text with its history; one that begins with it, where the state cannot be read. */
function openText(value: string, state: TextState): SharedText {
  try {
    return SharedText.from(wellFormed(value), state)
  } catch {
    return SharedText.from(wellFormed(value), WHOLE)
  }
}

/** The field as if it was a plain one: set by the writes of its parts. */
function asPlain(cell: Cell): Cell {
  return { ...cell, parts: cell.parts?.map(([dot]): Part => [dot]) }
}

function stateOf(parts: readonly Part[] | undefined): TextState | undefined {
  const state = parts?.[0]?.[1]
  return typeof state === 'string' || state === WHOLE ? state : undefined
}

function toParts(stamps: readonly string[], state: TextState | undefined): readonly Part[] {
  return stamps.map((dot, index): Part => (index === 0 && state !== undefined ? [dot, state] : [dot]))
}
