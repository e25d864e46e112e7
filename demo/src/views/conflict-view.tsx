// A conflict: every version of the note side by side, and what can be done about it.
import type { Doc, Sibling } from 'eyot'
import type { JSX } from 'preact'
import { useApp } from '../app/app.ts'
import { keepVersion } from '../notes/actions.ts'
import type { Note } from '../notes/note.ts'
import type { OpenNote } from '../notes/open-note.ts'
import { showProblem } from '../page/toasts.ts'
import { VersionCard } from './version-card.tsx'

export function ConflictView({ open, doc }: { open: OpenNote; doc: Doc<Note> }): JSX.Element {
  const app = useApp()
  const edits = doc.siblings.filter((version) => !version.deleted)
  return (
    <section class="conflict" data-testid="conflict" data-versions={doc.siblings.length}>
      <header class="conflict-head">
        <h2>{headline(doc.siblings, app.settings.replica.value)}</h2>
        <p>{explanation(doc.siblings.length, edits.length)}</p>
        {edits.length > 1 && (
          <button
            type="button"
            class="button"
            data-testid="merge-by-hand"
            onClick={() => (open.merging.value = true)}
          >
            Merge by hand
          </button>
        )}
      </header>
      <div class="versions" style={{ '--versions': Math.min(3, doc.siblings.length) }}>
        {doc.siblings.map((version) => (
          <VersionCard
            key={version.version}
            version={version}
            others={doc.siblings}
            ownReplica={app.settings.replica.value}
            onKeep={() => void keepVersion(app.notes, doc, version).catch(showProblem('The choice could not be saved'))}
          />
        ))}
      </div>
    </section>
  )
}

function headline(versions: readonly Sibling<Note>[], ownReplica: string): string {
  if (!versions.some((version) => version.deleted)) {
    return `${['', 'One', 'Two', 'Three', 'Four'][versions.length] ?? versions.length} versions of this note`
  }
  const own = versions.find((version) => version.replica === ownReplica)
  if (own === undefined) return 'Edited on one device, deleted on another'
  return own.deleted ? 'Deleted here, edited elsewhere' : 'Edited here, deleted elsewhere'
}

function explanation(versions: number, edits: number): string {
  if (edits < versions) {
    return 'The note was deleted on one device and changed on another at the same time. Nothing is lost: choose what it shall be.'
  }
  return 'It was changed in several places before they could hear of each other. Nothing is lost: keep one version, or make one of all.'
}
