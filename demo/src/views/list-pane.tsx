// The left pane: name, search, filters, the list, and the state of the sync.
import type { JSX } from 'preact'
import type { App } from '../app/app.ts'
import { useApp } from '../app/app.ts'
import { rowAt } from '../notes/listing.ts'
import { goToNote } from '../page/route.ts'
import { showProblem } from '../page/toasts.ts'
import { Filters } from './filters.tsx'
import { Heron, Icon } from './icons.tsx'
import { NoteList } from './note-list.tsx'
import { NoticeLines } from './notice-lines.tsx'
import { SyncStrip } from './sync-strip.tsx'

export function ListPane(): JSX.Element {
  return (
    <section class="list-pane" aria-label="All notes">
      <Header />
      <Search />
      <Filters />
      <NoteList />
      <NoticeLines />
      <SyncStrip />
    </section>
  )
}

function Header(): JSX.Element {
  const app = useApp()
  return (
    <header class="list-header">
      <h1 class="brand">
        <Heron />
        Field Notes
      </h1>
      <UndoButtons />
      <button
        class="icon-button"
        type="button"
        aria-label="Settings"
        title="Settings"
        data-testid="menu-button"
        onClick={() => (app.panelOpen.value = true)}
      >
        <Icon name="gear" />
      </button>
      <button
        class="icon-button primary"
        type="button"
        aria-label="New note"
        title="New note (n)"
        data-testid="new-note"
        onClick={() => app.newNote()}
      >
        <Icon name="new" />
      </button>
    </header>
  )
}

function UndoButtons(): JSX.Element {
  const app = useApp()
  const { canUndo, canRedo } = app.history
  const undo = (): void => void app.undo().catch(showProblem('Undo has failed'))
  const redo = (): void => void app.redo().catch(showProblem('Redo has failed'))
  return (
    <>
      <button class="icon-button" type="button" aria-label="Undo" title="Undo (Ctrl Z)" data-testid="undo-last" disabled={!canUndo.value} onClick={undo}>
        <Icon name="undo" />
      </button>
      {canRedo.value && (
        <button class="icon-button" type="button" aria-label="Redo" title="Redo (Ctrl Shift Z)" data-testid="redo-last" onClick={redo}>
          <Icon name="redo" />
        </button>
      )}
    </>
  )
}

function Search(): JSX.Element {
  const app = useApp()
  const { query } = app.library
  return (
    <label class="search">
      <Icon name="search" />
      <input
        type="search"
        placeholder="Search"
        aria-label="Search notes"
        aria-keyshortcuts="/"
        autocomplete="off"
        data-testid="search"
        value={query.value}
        onInput={(event) => (query.value = event.currentTarget.value)}
        onKeyDown={(event) => onSearchKey(event, app)}
      />
      <kbd class="search-key" aria-hidden="true">
        /
      </kbd>
    </label>
  )
}

/** From the search straight to what it found. */
function onSearchKey(event: KeyboardEvent, app: App): void {
  const first = rowAt(app.library.listing.peek(), 0)
  if (first === undefined || (event.key !== 'ArrowDown' && event.key !== 'Enter')) return
  event.preventDefault()
  app.active.value = first.id
  document.querySelector<HTMLElement>('.list')?.focus()
  if (event.key === 'Enter') goToNote(first.id)
}
