// A field that is a set: an array whose elements are added and removed one by one, and an addition outlives a removal that had
// not seen it. Must not know of other kinds of fields.
//
// A version tells by which writes its elements were added: `[write, place, place, ...]`. Those of which it tells nothing are its
// own additions. An element that a sibling has seen added and does not have was removed by it.

import { canonicalText } from './canonical.js'
import type { Cell, FieldPolicy, Outcome, Part, Seen, State, WriteFacts, Written } from './cell.js'

/** By the text of each element the element and the writes that have added it. */
type Elements = Map<string, { readonly element: unknown; readonly dots: Set<string> }>

/** A set. */
export const setField: FieldPolicy = {
  comparable: false,

  merge(cells: readonly Cell[], seen: Seen): Outcome | undefined {
    const present = cells.filter(cell => cell.present)
    if (present.length === 0 || !present.every(cell => Array.isArray(cell.value))) return undefined
    const sets = cells.map(cell => ({ version: cell.version, elements: elementsOf(cell) }))
    const merged: Elements = new Map()
    for (const { elements } of sets) {
      for (const [text, { element, dots }] of elements) {
        for (const dot of dots) {
          if (sets.some(set => seen(set.version, dot) && set.elements.get(text)?.dots.has(dot) !== true)) continue
          add(merged, text, element, dot)
        }
      }
    }
    return { present: true, conflicted: false, ...toOutcome(merged) }
  },

  write(before: Outcome | undefined, value: unknown, { field }: WriteFacts): Written {
    if (!Array.isArray(value)) throw new TypeError(`value.${field} must be an array: it is a set`)
    const known = elementsOfParts(before?.present === true ? before.value : [], before?.parts ?? [], undefined)
    const next: Elements = new Map()
    for (const element of value as unknown[]) {
      const text = canonicalText(element)
      next.set(text, { element, dots: new Set(known.get(text)?.dots) })
    }
    const { value: elements, parts } = toOutcome(next)
    return { value: elements, parts: parts.length === 0 ? undefined : parts }
  },

  revert(was: unknown, became: unknown, is: unknown): State {
    if (!Array.isArray(was) || !Array.isArray(became) || !Array.isArray(is)) return undefined
    const [before, after, now] = [was, became, is].map(byText)
    const kept = [...(now ?? [])].filter(([text]) => before?.has(text) === true || after?.has(text) !== true)
    const back = [...(before ?? [])].filter(([text]) => after?.has(text) !== true)
    return { value: [...new Map([...kept, ...back]).values()] }
  },
}

function byText(elements: readonly unknown[]): ReadonlyMap<string, unknown> {
  return new Map(elements.map(element => [canonicalText(element), element]))
}

function elementsOf({ present, value, own, stamp, parts }: Cell): Elements {
  if (!present) return new Map()
  return parts === undefined ? elementsOfParts(value, [], stamp) : elementsOfParts(value, parts, own)
}

function elementsOfParts(value: unknown, parts: readonly Part[], others: string | undefined): Elements {
  const elements: Elements = new Map()
  const array = Array.isArray(value) ? (value as unknown[]) : []
  const texts = array.map(canonicalText)
  for (const [dot, ...places] of parts) {
    for (const place of places) {
      const text = typeof place === 'number' ? texts[place] : undefined
      if (text !== undefined) add(elements, text, array[place as number], dot)
    }
  }
  array.forEach((element, place) => {
    const text = texts[place]
    if (text !== undefined && others !== undefined && !elements.has(text)) add(elements, text, element, others)
  })
  return elements
}

function add(elements: Elements, text: string, element: unknown, dot: string): void {
  const known = elements.get(text)
  if (known === undefined) elements.set(text, { element, dots: new Set([dot]) })
  else known.dots.add(dot)
}

/** The elements in the order of their texts, and the places of each write's. */
function toOutcome(elements: Elements): { value: readonly unknown[]; parts: readonly Part[] } {
  const inOrder = [...elements].sort(([left], [right]) => (left < right ? -1 : 1))
  const places = new Map<string, number[]>()
  inOrder.forEach(([, { dots }], place) => {
    for (const dot of dots) places.set(dot, [...(places.get(dot) ?? []), place])
  })
  const parts = [...places].sort(([left], [right]) => (left < right ? -1 : 1))
  const value = Object.freeze(inOrder.map(([, { element }]) => element))
  return { value, parts: parts.map(([dot, of]): Part => [dot, ...of]) }
}
