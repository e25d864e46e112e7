// Which notes the list shows: the question that the database answers, and the search through what it finds. Pure.
import type { QueryOptions, Where } from 'eyot'
import type { Note } from './note.ts'
import { fold } from './row.ts'
import type { Row } from './row.ts'

export type Show = 'open' | 'done' | 'all'

/** What to ask the database. The newest notes come first, by when they were begun: a row stays where it is while it is written in. */
export function question(show: Show, tag: string | undefined): QueryOptions<Note> {
  const where: Where<Note> = {
    ...(show === 'all' ? {} : { done: show === 'done' }),
    ...(tag === undefined ? {} : { tags: { contains: tag } }),
  }
  return { where, orderBy: { createdAt: 'desc' } }
}

/** A test for one row: every word as typed must occur somewhere in the title, the tags or the text. */
export function matcher(typed: string): (row: Row) => boolean {
  const words = fold(typed).split(/\s+/).filter((word) => word !== '')
  return (row) => words.every((word) => row.searchText.includes(word))
}
