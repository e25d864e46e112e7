// What is shown when the database cannot be opened, e.g. where the browser forbids storage.
import type { JSX } from 'preact'
import { Heron } from './icons.tsx'

export function StartProblem({ error }: { error: unknown }): JSX.Element {
  return (
    <main class="note-pane nothing-open" data-testid="start-problem">
      <Heron />
      <h2>Field Notes cannot start</h2>
      <p role="alert">{error instanceof Error ? error.message : String(error)}</p>
      <button type="button" class="button primary" onClick={() => location.reload()}>
        Try again
      </button>
    </main>
  )
}
