// A field that one write sets: the last one that has seen the others, and a conflict where none has. Must not know of other
// kinds of fields.

import { canonicalText } from './canonical.js'
import type { Cell, FieldPolicy, Outcome, Part, Seen, Written } from './cell.js'

const ABSENT: Outcome = Object.freeze({ present: false, value: undefined, conflicted: false, parts: undefined })

/** A plain field. */
export const register: FieldPolicy = {
  merge(cells: readonly Cell[], seen: Seen): Outcome {
    const candidates = standing(cells, seen)
    // An edit is shown before a deletion, as it is with records.
    const shown = candidates.find(cell => cell.present) ?? candidates[0]
    if (shown === undefined) return ABSENT
    const { present, value, parts } = shown
    const same = candidates.filter(cell => isSame(cell, shown))
    // Whoever goes on from here speaks for all who have set it so.
    const stamps = [...new Set(same.flatMap(stampsOf))].sort().map((dot): Part => [dot])
    return { present, value, conflicted: same.length < candidates.length, parts: isForeign(parts) ? parts : stamps }
  },

  write(before: Outcome | undefined, value: unknown): Written {
    const unchanged = before?.present === true && canonicalText(before.value) === canonicalText(value)
    return { value, parts: unchanged ? before.parts : undefined }
  },
}

/** A deleted field says nothing but which write deleted it. */
export function deletedBy(before: Outcome): readonly Part[] | undefined {
  return before.present ? undefined : before.parts
}

/** The cells whose writes nobody has seen who has set the field otherwise. */
export function standing(cells: readonly Cell[], seen: Seen): readonly Cell[] {
  const told = cells.filter(cell => cell.told)
  if (told.length < 2 && told.length === cells.length) return told
  const ends = (other: Cell, dot: string): boolean => !stampsOf(other).includes(dot) && seen(other.version, dot)
  const beats = (other: Cell, cell: Cell): boolean => stampsOf(cell).every(dot => ends(other, dot))
  // Whoever says nothing of a field that it has seen has left it out.
  const leaves = (other: Cell, stamps: readonly string[]): boolean => {
    return !other.told && stamps.length > 0 && stamps.every(dot => seen(other.version, dot))
  }
  const left = told.filter(cell => !cells.some(other => leaves(other, stampsOf(cell))))
  const unbeaten = left.filter(cell => !told.some(other => beats(other, cell)))
  // Two that have seen and set aside each other's.
  return unbeaten.length > 0 ? unbeaten : left
}

/** The writes that have set it so: several, where they had not seen each other; none, where a migration has made the field. */
export function stampsOf({ told, stamp, parts }: Cell): readonly string[] {
  if (!told) return []
  return parts === undefined || isForeign(parts) ? [stamp] : parts.map(([dot]) => dot)
}

/** Whether the parts are those of a field of another kind, in a newer app. */
function isForeign(parts: readonly Part[] | undefined): boolean {
  return parts?.some(part => part.length > 1) === true
}

function isSame(one: Cell, other: Cell): boolean {
  if (!one.present || !other.present) return one.present === other.present
  return canonicalText(one.value) === canonicalText(other.value)
}
