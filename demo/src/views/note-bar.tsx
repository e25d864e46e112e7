// The bar over an open note: back, done, whether it is saved and sent, delete.
import type { Doc } from 'eyot'
import type { JSX } from 'preact'
import { useApp } from '../app/app.ts'
import type { Note } from '../notes/note.ts'
import type { OpenNote, SaveState } from '../notes/open-note.ts'
import { goToList } from '../page/route.ts'
import { showProblem } from '../page/toasts.ts'
import { Icon } from './icons.tsx'

export function NoteBar({ open }: { open: OpenNote }): JSX.Element {
  const hasFields = open.shown.value === 'fields'
  return (
    <header class="note-bar">
      <button class="icon-button back" type="button" aria-label="Back to the list" data-testid="editor-back" onClick={goToList}>
        <Icon name="back" />
      </button>
      <SaveStateText open={open} />
      {hasFields && <DoneBox open={open} />}
      {hasFields && <DeleteButton open={open} />}
    </header>
  )
}

function DoneBox({ open }: { open: OpenNote }): JSX.Element {
  const { history } = useApp()
  const change = async (done: boolean): Promise<void> => {
    // What was typed before is a step of its own.
    await open.flush()
    const save = (): Promise<void> => {
      open.change({ done })
      return open.flush()
    }
    if (open.doc.peek() === undefined) await save()
    else await history.run(save, () => (done ? 'Done' : 'Open again'))
  }
  return (
    <label class="done-box">
      <input
        type="checkbox"
        data-testid="editor-done"
        checked={open.draft.value.done}
        onChange={(event) => void change(event.currentTarget.checked).catch(showProblem('The note could not be changed'))}
      />
      Done
    </label>
  )
}

function DeleteButton({ open }: { open: OpenNote }): JSX.Element {
  const app = useApp()
  const remove = async (): Promise<void> => {
    await open.flush()
    const doc = app.notes.peek(open.id)
    if (doc !== undefined) await app.delete(doc)
  }
  return (
    <button
      class="icon-button"
      type="button"
      aria-label="Delete this note"
      title="Delete"
      data-testid="editor-delete"
      disabled={open.doc.value === undefined}
      onClick={() => void remove().catch(showProblem('The note could not be deleted'))}
    >
      <Icon name="trash" />
    </button>
  )
}

function SaveStateText({ open }: { open: OpenNote }): JSX.Element {
  const shown = open.shown.value
  const state = shownState(open.saveState.value, open.doc.value)
  return (
    <p class="save-state" role="status" data-testid="save-state" data-state={state}>
      {shown === 'fields' && <span class={`save-words save-${state}`}>{saveWords(state, open.problem.value)}</span>}
      {(shown === 'conflict' || shown === 'merge') && <span class="save-words save-conflict">In conflict</span>}
    </p>
  )
}

type ShownState = SaveState | 'sent'

function shownState(state: SaveState, doc: Doc<Note> | undefined): ShownState {
  return state === 'saved' && doc?.pending === false ? 'sent' : state
}

function saveWords(state: ShownState, problem: string | undefined): string {
  switch (state) {
    case 'new':
      return 'New note'
    case 'editing':
    case 'saving':
      return 'Saving…'
    case 'saved':
      return 'Saved on this device'
    case 'sent':
      return 'Saved and sent'
    case 'failed':
      return `Not saved: ${problem ?? 'the browser refused'}`
  }
}
