// All rows in the order of the list, newest first, kept up to date from what changed. Pure: no page, no database.
import type { Row } from './row.ts'

/** A changed row, or its id alone when the note is gone. */
export interface RowChange {
  readonly id: string
  readonly row: Row | undefined
}

/** How many notes there are of each kind. */
export interface Counts {
  readonly all: number
  readonly done: number
  readonly conflicts: number
  readonly unsent: number
}

/** Newest first; of equal times the smaller id, so that every device lists the same order. */
export function compareRows(a: Row, b: Row): number {
  if (a.at !== b.at) return b.at - a.at
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

/** The rows of one database. Applying k changes to n rows costs n + k log k, and never sorts all again. */
export class Rows {
  #sorted: readonly Row[] = []
  readonly #byId = new Map<string, Row>()
  readonly #tagCounts = new Map<string, number>()
  #done = 0
  #conflicts = 0
  #unsent = 0

  /** In the order of the list. A new array after each change, so it can be compared by identity. */
  get sorted(): readonly Row[] {
    return this.#sorted
  }

  get(id: string): Row | undefined {
    return this.#byId.get(id)
  }

  get counts(): Counts {
    return { all: this.#byId.size, done: this.#done, conflicts: this.#conflicts, unsent: this.#unsent }
  }

  /** Every tag in use with how many notes carry it, the most used first. */
  tags(): [tag: string, count: number][] {
    return [...this.#tagCounts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
  }

  /** Applies changes, at most one for each id. */
  apply(changes: readonly RowChange[]): void {
    if (changes.length === 0) return
    const changed = new Set<string>()
    const added: Row[] = []
    for (const { id, row } of changes) {
      changed.add(id)
      this.#replace(id, row)
      if (row !== undefined) added.push(row)
    }
    added.sort(compareRows)
    this.#sorted = mergeSorted(this.#sorted, changed, added)
  }

  #replace(id: string, row: Row | undefined): void {
    this.#count(this.#byId.get(id), -1)
    this.#count(row, 1)
    if (row === undefined) this.#byId.delete(id)
    else this.#byId.set(id, row)
  }

  #count(row: Row | undefined, by: 1 | -1): void {
    if (row === undefined) return
    if (row.done) this.#done += by
    if (row.conflicted) this.#conflicts += by
    if (row.unsent) this.#unsent += by
    for (const tag of new Set(row.tags)) this.#countTag(tag, by)
  }

  #countTag(tag: string, by: number): void {
    const count = (this.#tagCounts.get(tag) ?? 0) + by
    if (count > 0) this.#tagCounts.set(tag, count)
    else this.#tagCounts.delete(tag)
  }
}

/** `old` without the changed ids, and `added`, as one sorted array. */
function mergeSorted(old: readonly Row[], changed: ReadonlySet<string>, added: readonly Row[]): readonly Row[] {
  const merged: Row[] = []
  let next = 0
  for (const row of old) {
    if (changed.has(row.id)) continue
    for (let candidate = added[next]; candidate !== undefined && compareRows(candidate, row) < 0; candidate = added[next]) {
      merged.push(candidate)
      next += 1
    }
    merged.push(row)
  }
  for (; next < added.length; next += 1) {
    const row = added[next]
    if (row !== undefined) merged.push(row)
  }
  return merged
}
