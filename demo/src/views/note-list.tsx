// The list: only the rows in view are in the page, however many notes there are. Keyboard and screen readers see it
// as one list box whose active row moves.
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useCallback, useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import type { App } from '../app/app.ts'
import { useApp } from '../app/app.ts'
import type { Row } from '../notes/row.ts'
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
  const rows = app.library.visible.value
  const box = useRef<HTMLDivElement>(null)
  const { first, last, rowHeight, reveal } = useListScroll(box, rows, overscan)
  const activeIndex = rows.findIndex((row) => row.id === app.active.value)
  const now = useSignal(Date.now())

  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), 60_000)
    return () => clearInterval(timer)
  }, [now])
  useActiveRow(app, rows, activeIndex, reveal)
  const open = useCallback((id: string) => {
    app.active.value = id
    goToNote(id)
  }, [app])

  return (
    <div class="list-frame">
      {rows.length === 0 && <EmptyList />}
      <div
        ref={box}
        class="list"
        role="listbox"
        tabIndex={0}
        aria-label="Notes"
        aria-activedescendant={activeIndex < 0 ? undefined : rowElementId(activeIndex)}
        aria-busy={!app.library.loaded.value}
        data-testid="note-list"
        data-count={rows.length}
        onKeyDown={(event) => onListKey(event, app, rows, activeIndex, Math.floor(event.currentTarget.clientHeight / rowHeight))}
      >
        <div class="list-rows" role="presentation" style={{ height: `calc(${rows.length} * var(--row-height))` }}>
          {rows.slice(first, last).map((row, offset) => (
            <NoteRow
              key={row.id}
              row={row}
              index={first + offset}
              total={rows.length}
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

/** Keeps the active row in view; when it leaves the list, e.g. as done, its neighbour becomes the active one. */
function useActiveRow(app: App, rows: readonly Row[], index: number, reveal: (index: number) => void): void {
  const last = useRef<{ id: string | undefined; index: number }>({ id: undefined, index: -1 })
  useLayoutEffect(() => {
    const id = app.active.peek()
    const before = last.current
    if (index < 0) {
      if (before.id === id && id !== undefined) app.active.value = rows[Math.min(before.index, rows.length - 1)]?.id
      return
    }
    if (before.id !== id) reveal(index)
    last.current = { id, index }
  })
}

/** Keys while the list has the focus. */
function onListKey(event: KeyboardEvent, app: App, rows: readonly Row[], index: number, page: number): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  const next = listStep(event.key, index, rows.length, page)
  const row = rows[next ?? index]
  if (row === undefined) return
  if (next !== undefined) app.active.value = row.id
  else if (event.key === 'Enter') openForWriting(row.id)
  else if (event.key === 'x') void app.toggleDone(row.id).catch(showProblem('The note could not be changed'))
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
