// A field that counts: what was added concurrently adds up. Must not know of other kinds of fields.
//
// A version tells of the parts of its count that others have added, by the writes that did; the rest is its own. A part is
// loose, `[write, amount]`, or folded, `[write, amount, 1]`: all that the replica has added up to that write (after the folded
// part before it, if there is one). A part that a sibling has seen and does not tell of any more was taken back by it: the
// field was deleted, or set by an app that does not count.

import type { Cell, FieldPolicy, Outcome, Part, Seen, State, WriteFacts, Written } from './cell.js'

/** So many additions of a replica stay apart: a record does not grow with every one that is made without a connection. */
const LOOSE = 32

interface Addition {
  readonly dot: string
  readonly replica: string
  readonly counter: number
  readonly amount: number
  readonly folded: boolean
}

/** The folded parts of a replica in one version, and what they come to. */
interface Fold extends Addition {
  readonly parts: readonly Addition[]
}

interface Count {
  readonly version: number
  readonly additions: readonly Addition[]
}

/** A counter. */
export const counterField: FieldPolicy = {
  comparable: false,

  merge(cells: readonly Cell[], seen: Seen): Outcome | undefined {
    const present = cells.filter(cell => cell.present)
    if (present.length === 0 || !present.every(cell => Number.isSafeInteger(cell.value))) return undefined
    const counts = cells.map(cell => ({ version: cell.version, additions: additionsOf(cell) }))
    const additions = merged(counts, seen)
    const value = additions.reduce((sum, addition) => sum + addition.amount, 0)
    return { present: true, value, conflicted: false, parts: additions.map(toPart) }
  },

  write(before: Outcome | undefined, value: unknown, { field, complete, pending }: WriteFacts): Written {
    if (!Number.isSafeInteger(value)) throw new TypeError(`value.${field} must be a whole number: it is a counter`)
    if (before?.parts === undefined || !before.present) return { value, parts: undefined }
    const additions = before.parts.map(toAddition).filter(addition => addition !== undefined)
    const parts = (complete ? folded(additions, pending) : additions).map(toPart)
    return { value, parts: parts.length === 0 ? undefined : parts }
  },

  revert(was: unknown, became: unknown, is: unknown): State {
    const reverted = [was, became, is].every(Number.isSafeInteger) ? (is as number) - (became as number) + (was as number) : NaN
    return Number.isSafeInteger(reverted) ? { value: reverted } : undefined
  },
}

function additionsOf({ present, value, own, stamp, parts }: Cell): readonly Addition[] {
  if (!present) return []
  const told = parts === undefined ? [toAddition([stamp, value])] : parts.map(toAddition)
  // What was told of a write that came to nothing is the version's own.
  const others = told.filter(addition => addition !== undefined && addition.dot !== own) as readonly Addition[]
  const rest = others.reduce((left, addition) => left - addition.amount, value as number)
  const mine = toAddition([own, rest])
  return mine === undefined || rest === 0 ? others : [...others, mine]
}

/** What all of them have added, each once, in the order of replicas and counters. */
function merged(counts: readonly Count[], seen: Seen): readonly Addition[] {
  const kept = new Map<string, { folds: Fold[]; loose: Map<number, Addition> }>()
  for (const { additions } of counts) {
    for (const addition of cumulated(additions)) {
      if (counts.some(count => seen(count.version, addition.dot) && !holds(count, addition))) continue
      const { folds, loose } = kept.get(addition.replica) ?? { folds: [], loose: new Map<number, Addition>() }
      if ('parts' in addition) folds.push(addition)
      else loose.set(addition.counter, addition)
      kept.set(addition.replica, { folds, loose })
    }
  }
  const replicas = [...kept].sort(([left], [right]) => (left < right ? -1 : 1))
  return replicas.flatMap(([, { folds, loose }]) => {
    // One that reaches further has all that another one has.
    const last = folds.sort((one, other) => other.counter - one.counter || one.amount - other.amount)[0]
    const after = [...loose.values()].filter(addition => addition.counter > (last?.counter ?? 0))
    const inOrder = after.sort((one, other) => one.counter - other.counter)
    // Its parts stay apart: a rebirth may rename the last of them and not the first.
    return last === undefined ? inOrder : [...last.parts, ...inOrder]
  })
}

/** The folded parts of each replica as one. */
function cumulated(additions: readonly Addition[]): readonly (Addition | Fold)[] {
  const folds = new Map<string, Addition[]>()
  for (const addition of additions) {
    if (addition.folded) folds.set(addition.replica, [...(folds.get(addition.replica) ?? []), addition])
  }
  const sums = [...folds.values()].map((all): Fold => {
    const parts = all.sort((one, other) => one.counter - other.counter)
    return { ...fold(parts), parts }
  })
  return [...sums, ...additions.filter(addition => !addition.folded)]
}

function holds({ additions }: Count, { replica, counter }: Addition): boolean {
  return additions.some(other => {
    return other.replica === replica && (other.folded ? other.counter >= counter : other.counter === counter)
  })
}

/**
 * One part for each replica. While some of it may be known here alone, the latest additions stay apart: should this replica
 * turn out to be a copy, the writes that nobody knows get another name, and the others keep theirs. Which those will be is not
 * known when they are written.
 */
function folded(additions: readonly Addition[], pending: boolean): readonly Addition[] {
  const replicas = new Map<string, Addition[]>()
  for (const addition of additions) {
    replicas.set(addition.replica, [...(replicas.get(addition.replica) ?? []), addition])
  }
  return [...replicas.values()].flatMap(all => {
    const inOrder = all.sort((one, other) => one.counter - other.counter)
    if (!pending) return [fold(inOrder)]
    const known = inOrder[0]?.folded === true ? inOrder.slice(0, 1) : []
    const rest = inOrder.slice(known.length)
    const older = rest.slice(0, -LOOSE)
    return [...known, ...(older.length > 0 ? [fold(older)] : []), ...rest.slice(-LOOSE)]
  })
}

function fold(additions: readonly Addition[]): Addition {
  return { ...additions.reduce((sum, next) => ({ ...next, amount: sum.amount + next.amount })), folded: true }
}

function toAddition([dot, amount, isFolded]: Part): Addition | undefined {
  const colon = dot.indexOf(':')
  if (!Number.isSafeInteger(amount) || colon < 0) return undefined
  const counter = Number(dot.slice(colon + 1))
  return { dot, replica: dot.slice(0, colon), counter, amount: amount as number, folded: isFolded === 1 }
}

function toPart({ dot, amount, folded: isFolded }: Addition): Part {
  return isFolded ? [dot, amount, 1] : [dot, amount]
}
