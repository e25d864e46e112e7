// The note pane when there is no note to show: none open, deleted elsewhere, or written by something newer.
import type { JSX } from 'preact'
import { useApp } from '../app/app.ts'
import { titleOf } from '../notes/note.ts'
import type { OpenNote } from '../notes/open-note.ts'
import { goToList } from '../page/route.ts'
import { showProblem } from '../page/toasts.ts'
import { Heron } from './icons.tsx'

export function NothingOpen(): JSX.Element {
  return (
    <main class="note-pane nothing-open" data-testid="nothing-open">
      <Heron />
      <p>Choose a note, or begin one.</p>
      <p class="keys">
        <span><kbd>n</kbd> new</span>
        <span><kbd>/</kbd> search</span>
        <span><kbd>j</kbd> <kbd>k</kbd> move</span>
        <span><kbd>Enter</kbd> open</span>
      </p>
    </main>
  )
}

/** The text which was on the screen is not pulled away: whoever was reading it may want it back. */
export function GoneView({ open }: { open: OpenNote }): JSX.Element {
  const app = useApp()
  const restore = (): void =>
    void app.notes.put(open.id, { ...open.draft.value }).catch(showProblem('The note could not be brought back'))
  return (
    <section class="quiet" data-testid="gone">
      <h2>This note was deleted</h2>
      <p>“{titleOf(open.draft.value)}” was deleted on another device or in another tab.</p>
      <div class="buttons">
        <button type="button" class="button primary" data-testid="restore" onClick={restore}>
          Bring it back
        </button>
        <button type="button" class="button" onClick={goToList}>
          Leave it deleted
        </button>
      </div>
    </section>
  )
}

export function UnreadableView(): JSX.Element {
  return (
    <section class="quiet" data-testid="unreadable">
      <h2>A note from a newer version</h2>
      <p>This note was written by a newer version of Field Notes. It is kept as it is; reload to get the newer version.</p>
      <button type="button" class="button" onClick={() => location.reload()}>
        Reload
      </button>
    </section>
  )
}
