// What the list says when it has nothing to show, and why.
import type { JSX } from 'preact'
import { useApp } from '../app/app.ts'
import { showProblem } from '../page/toasts.ts'

export function EmptyList(): JSX.Element {
  const app = useApp()
  const { library } = app
  if (!library.listing.value.loaded) return <p class="empty-list">Reading your notes…</p>
  if (library.counts.value.all === 0) return <FirstNotes />
  const clear = (): void => {
    library.query.value = ''
    library.tag.value = undefined
    library.show.value = 'all'
  }
  return (
    <div class="empty-list" data-testid="nothing-found">
      <p>{emptyWords(library.show.value, library.query.value, library.tag.value)}</p>
      <button type="button" class="button" onClick={clear}>
        Show all notes
      </button>
    </div>
  )
}

function FirstNotes(): JSX.Element {
  const app = useApp()
  const addSamples = (): void => void app.addSamples().catch(showProblem('The samples could not be added'))
  return (
    <div class="empty-list" data-testid="no-notes">
      <p>
        No notes yet. They are kept on this device first, so you can write the first one with or without a network.
      </p>
      <button type="button" class="button primary" onClick={() => app.newNote()}>
        Write a note
      </button>
      <button type="button" class="button" data-testid="sample-notes-first" onClick={addSamples}>
        Load sample notes
      </button>
    </div>
  )
}

function emptyWords(show: string, query: string, tag: string | undefined): string {
  if (query.trim() !== '') return `Nothing found for “${query.trim()}”${tag === undefined ? '' : ` under ${tag}`}.`
  if (tag !== undefined) return `No ${show === 'done' ? 'done' : 'open'} note is tagged ${tag}.`
  if (show === 'done') return 'Nothing is done yet.'
  return 'All is done.'
}
