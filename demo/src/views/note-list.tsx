// The list: only the rows in view are in the page, however many notes there are. Keyboard and screen readers see it
// as one list box whose active row moves.
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useCallback, useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import type { App } from '../app/app.ts'
import { useApp } from '../app/app.ts'
import type { Listing } from '../notes/listing.ts'
import { indexOf, rowAt } from '../notes/listing.ts'
import { listStep } from '../page/keys.ts'
import { goToNote, openId } from '../page/route.ts'
import { showProblem } from '../page/toasts.ts'
import { EmptyList } from './empty-list.tsx'
import { NoteRow, rowElementId } from './note-row.tsx'
import { useListScroll } from './use-list-scroll.ts'

/** Rows drawn beyond the edges, so that a fast scroll does not show gaps. */
const overscan = 6

export function NoteList(): JSX.Element {
  const app = useApp()
  const listing = app.library.listing.value
  const box = useRef<HTMLDivElement>(null)
  const { first, last, rowHeight, reveal } = useListScroll(box, listing, overscan)
  const activeIndex = useActiveRow(app, listing, reveal)
  const now = useSignal(Date.now())

  useLayoutEffect(() => app.library.look(first, last))
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), 60_000)
    return () => clearInterval(timer)
  }, [now])
  const open = useCallback((id: string) => {
    app.active.value = id
    goToNote(id)
  }, [app])
  const rows = Array.from({ length: last - first }, (_, offset) => rowAt(listing, first + offset))

  return (
    <div class="list-frame">
      {listing.total === 0 && <EmptyList />}
      <div
        ref={box}
        class="list"
        role="listbox"
        tabIndex={0}
        aria-label="Notes"
        aria-activedescendant={activeIndex < 0 ? undefined : rowElementId(activeIndex)}
        aria-busy={!listing.loaded}
        data-testid="note-list"
        data-count={listing.total}
        onKeyDown={(event) => onListKey(event, app, activeIndex, Math.floor(event.currentTarget.clientHeight / rowHeight))}
      >
        <div class="list-rows" role="presentation" style={{ height: `calc(${listing.total} * var(--row-height))` }}>
          {rows.map((row, offset) => row !== undefined && (
            <NoteRow
              key={row.id}
              row={row}
              index={first + offset}
              total={listing.total}
              active={first + offset === activeIndex}
              open={row.id === openId.value}
              now={now.value}
              onOpen={open}
            />
          ))}
        </div>
      </div>
    </div>
  )
}

/**
 * The place of the active row. Keeps it in view as it moves; when it leaves the list, e.g. as done, its neighbour becomes the
 * active one.
 */
function useActiveRow(app: App, listing: Listing, reveal: (index: number) => void): number {
  const last = useRef<{ id: string | undefined; index: number }>({ id: undefined, index: -1 })
  const id = app.active.value
  const found = indexOf(listing, id)
  useLayoutEffect(() => {
    const before = last.current
    if (found >= 0) {
      if (before.id !== id) reveal(found)
      last.current = { id, index: found }
    } else if (before.id === id && id !== undefined) {
      // Where its place is not in the part that is known, it was scrolled out of it and is still there.
      const neighbour = rowAt(listing, Math.min(before.index, listing.total - 1))
      if (neighbour !== undefined) app.active.value = neighbour.id
    }
  })
  return found < 0 && last.current.id === id ? last.current.index : found
}

/** Keys while the list has the focus. */
function onListKey(event: KeyboardEvent, app: App, index: number, page: number): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  const next = listStep(event.key, index, app.library.listing.peek().total, page)
  // The row may be far from those in view.
  if (next !== undefined) app.library.look(Math.max(0, next - page), next + page)
  const row = rowAt(app.library.listing.peek(), next ?? index)
  if (row === undefined) return
  if (next !== undefined) app.active.value = row.id
  else if (event.key === 'Enter') openForWriting(row.id)
  else if (event.key === 'x') void app.toggleDone(row.id).catch(showProblem('The note could not be changed'))
  else if (event.key === '+' || event.key === '-') void app.count(row.id, event.key === '+' ? 1 : -1).catch(showProblem('It could not be counted'))
  else if (event.key === 'Delete') deleteRow(app, row.id)
  else return
  event.preventDefault()
}

/** Enter means to write; a click may mean to read only, and must not raise a phone's keyboard. */
function openForWriting(id: string): void {
  goToNote(id)
  requestAnimationFrame(() => document.querySelector<HTMLElement>('[data-focus-first]')?.focus())
}

function deleteRow(app: App, id: string): void {
  const doc = app.notes.peek(id)
  if (doc !== undefined && !doc.conflicted) void app.delete(doc).catch(showProblem('The note could not be deleted'))
}
