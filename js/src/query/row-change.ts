// What is different between two lists of rows. Knows only documents and their ids.

import type { Doc } from '../types/doc.js'

/** The ids of the rows that are different, by what has happened to them. */
export interface RowChange {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  /** Rows that have another place among those that stay. Without them, the order is the same as before. */
  readonly moved: readonly string[]
  readonly changed: readonly string[]
}

type Rows = readonly Doc<unknown>[]

/** What has to happen to the rows before to make them the rows after. */
export function rowChange(before: Rows, after: Rows): RowChange {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1
  let [endBefore, endAfter] = [before.length, after.length]
  while (endBefore > start && endAfter > start && before[endBefore - 1] === after[endAfter - 1]) {
    endBefore -= 1
    endAfter -= 1
  }
  return middleChange(before.slice(start, endBefore), after.slice(start, endAfter))
}

/** A row that was there before and still is. */
interface Staying {
  readonly id: string
  /** Where it was. */
  readonly place: number
  readonly isChanged: boolean
}

function middleChange(before: Rows, after: Rows): RowChange {
  const places = new Map(before.map((doc, index) => [doc.id, index]))
  const added: string[] = []
  const staying: Staying[] = []
  for (const doc of after) {
    const place = places.get(doc.id)
    if (place === undefined) added.push(doc.id)
    else staying.push({ id: doc.id, place, isChanged: before[place] !== doc })
    places.delete(doc.id)
  }
  const changed = staying.filter(({ isChanged }) => isChanged).map(({ id }) => id)
  return { added, removed: [...places.keys()], moved: movedAmong(staying), changed }
}

/** The fewest rows that have to move, of those whose record has changed: the others are in the order that they were in. */
function movedAmong(staying: readonly Staying[]): string[] {
  const ends = staying.map(() => Infinity)
  for (let index = staying.length - 2, end = Infinity; index >= 0; index -= 1) {
    const after = staying[index + 1]
    if (after?.isChanged === false) end = after.place
    ends[index] = end
  }
  let start = -1
  const fitting = staying.filter(({ place, isChanged }, index) => {
    if (!isChanged) start = place
    return !isChanged || (place > start && place < (ends[index] ?? Infinity))
  })
  const kept = new Set([...longestRising(fitting.map(({ place }) => place))].map(index => fitting[index]))
  return staying.filter(row => !kept.has(row)).map(({ id }) => id)
}

/** The places of a longest run of numbers, not necessarily next to each other, of which each is above the one before. */
function longestRising(numbers: readonly number[]): ReadonlySet<number> {
  // The place of the smallest number that a run of each length can end with, and what comes before each number in its run.
  const ends: number[] = []
  const previous: (number | undefined)[] = []
  for (const [place, number] of numbers.entries()) {
    let [low, high] = [0, ends.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((numbers[ends[middle] ?? 0] ?? 0) < number) low = middle + 1
      else high = middle
    }
    previous.push(ends[low - 1])
    ends[low] = place
  }
  const run = new Set<number>()
  for (let place = ends.at(-1); place !== undefined; place = previous[place]) run.add(place)
  return run
}
