// The conflicts of all notes in one place, each with what is open, and settled where it stands.
import type { Doc } from 'eyot'
import type { JSX } from 'preact'
import { useApp } from '../app/app.ts'
import type { Note } from '../notes/note.ts'
import { rowOf } from '../notes/row.ts'
import { goToList, goToNote } from '../page/route.ts'
import { Choices, headline } from './conflict-view.tsx'
import { Heron, Icon } from './icons.tsx'

/** More than this at once would be slow to draw, and nobody reads so far. Settling some brings up the next. */
const shownAtOnce = 20

export function Inbox(): JSX.Element {
  const conflicts = useApp().library.conflicts.value
  return (
    <main class="note-pane" data-testid="inbox" data-count={conflicts.length}>
      <header class="note-bar">
        <button class="icon-button back" type="button" aria-label="Back to the list" data-testid="inbox-back" onClick={goToList}>
          <Icon name="back" />
        </button>
      </header>
      {conflicts.length === 0 ? <NothingOpen /> : <Entries conflicts={conflicts} />}
    </main>
  )
}

function Entries({ conflicts }: { conflicts: readonly Doc<Note>[] }): JSX.Element {
  const hidden = conflicts.length - shownAtOnce
  return (
    <div class="inbox" tabIndex={-1} onKeyDown={onInboxKey}>
      <header class="conflict-head">
        <h2>To settle</h2>
        <p>
          These notes were changed in several places before they could hear of each other. What did not touch has come
          together by itself; the rest is yours to choose.
        </p>
      </header>
      <ol class="inbox-list">
        {conflicts.slice(0, shownAtOnce).map((doc) => (
          <Entry key={doc.id} doc={doc} />
        ))}
      </ol>
      {hidden > 0 && <p class="help">And {hidden} more.</p>}
    </div>
  )
}

function Entry({ doc }: { doc: Doc<Note> }): JSX.Element {
  const { title } = rowOf(doc)
  return (
    <li class="inbox-entry" tabIndex={0} aria-label={title} data-testid="inbox-entry" data-note-id={doc.id}>
      <header class="inbox-head">
        <div>
          <h3>{title}</h3>
          <p>{headline(doc, useApp().settings.replica.value)}</p>
        </div>
        <button type="button" class="button" aria-label={`Open “${title}”`} data-testid="inbox-open" onClick={() => goToNote(doc.id)}>
          Open
        </button>
      </header>
      <Choices doc={doc} brief />
    </li>
  )
}

function NothingOpen(): JSX.Element {
  return (
    <section class="quiet" data-testid="inbox-empty">
      <Heron />
      <h2>Nothing to settle</h2>
      <p>When a note is changed in two places at once and they do not go together, it waits here for you.</p>
      <div class="buttons">
        <button type="button" class="button" onClick={goToList}>
          Back to the notes
        </button>
      </div>
    </section>
  )
}

/** The arrows go from note to note, a number keeps that version of what is open first, Enter opens the note. */
function onInboxKey(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  if (event.ctrlKey || event.metaKey || event.altKey || !(event.target instanceof HTMLElement)) return
  const entries = [...event.currentTarget.querySelectorAll<HTMLElement>('.inbox-entry')]
  const index = entries.findIndex((entry) => entry.contains(event.target as Node))
  const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key]
  if (step !== undefined) entries[Math.max(0, Math.min(entries.length - 1, index + step))]?.focus()
  else if (/^[1-9]$/.test(event.key)) choiceButton(entries[index], Number(event.key) - 1)?.click()
  else if (event.key === 'Enter' && event.target === entries[index]) event.target.querySelector<HTMLElement>('[data-testid="inbox-open"]')?.click()
  else return
  event.preventDefault()
  // The page has keys of its own for the list.
  event.stopPropagation()
}

/** Of the first field that nobody has chosen yet, or of whole versions. */
function choiceButton(entry: HTMLElement | undefined, index: number): HTMLElement | undefined {
  const fields = [...(entry?.querySelectorAll('.open-field') ?? [])]
  const next = fields.find((field) => field.querySelector('[aria-pressed="true"]') === null) ?? entry
  return [...(next?.querySelectorAll<HTMLElement>('.version-foot .button') ?? [])][index]
}
