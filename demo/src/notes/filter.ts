// Which rows the list shows. Pure.
import { fold } from './row.ts'
import type { Row } from './row.ts'

export type Show = 'open' | 'done' | 'all' | 'conflicts'

export interface Filter {
  readonly show: Show
  /** Only notes with this tag. */
  readonly tag: string | undefined
  /** As typed. Every word must occur somewhere in the title, the tags or the text. */
  readonly query: string
}

/** A test for one row, with what the filter costs to prepare done once. */
export function matcher(filter: Filter): (row: Row) => boolean {
  const words = fold(filter.query).split(/\s+/).filter((word) => word !== '')
  const { show, tag } = filter
  return (row) =>
    isShown(row, show) &&
    (tag === undefined || row.tags.includes(tag)) &&
    (words.length === 0 || words.every((word) => row.searchText.includes(word)))
}

/** A note with a conflict is never hidden as done: one of its versions may not be. */
function isShown(row: Row, show: Show): boolean {
  switch (show) {
    case 'all':
      return true
    case 'open':
      return !row.done || row.conflicted
    case 'done':
      return row.done
    case 'conflicts':
      return row.conflicted
  }
}
