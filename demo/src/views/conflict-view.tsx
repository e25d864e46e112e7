// A conflict: what of the note is open, and what can be done about it. Where fields have merged only the others are asked for;
// an edit beside a deletion is a question about the note as a whole.
import type { Doc, Sibling } from 'eyot'
import type { JSX } from 'preact'
import { useApp } from '../app/app.ts'
import { keepShown, keepVersion } from '../notes/actions.ts'
import type { Note } from '../notes/note.ts'
import type { OpenNote } from '../notes/open-note.ts'
import { deletionOf, openFields } from '../notes/versions.ts'
import { showProblem } from '../page/toasts.ts'
import { FieldChoices } from './field-choices.tsx'
import { VersionCard } from './version-card.tsx'

export function ConflictView({ open, doc }: { open: OpenNote; doc: Doc<Note> }): JSX.Element {
  const app = useApp()
  const edits = doc.siblings.filter((version) => !version.deleted)
  return (
    <section class="conflict" data-testid="conflict" data-versions={doc.siblings.length} data-fields={doc.conflicts.join(' ')}>
      <header class="conflict-head">
        <h2>{headline(doc, app.settings.replica.value)}</h2>
        <p>{explanation(doc)}</p>
        {edits.length > 1 && (
          <button type="button" class="button" data-testid="merge-by-hand" onClick={() => (open.merging.value = true)}>
            Merge by hand
          </button>
        )}
      </header>
      <Choices doc={doc} />
    </section>
  )
}

/** What can be chosen. `brief` shows of long texts only where they differ. */
export function Choices({ doc, brief = false }: { doc: Doc<Note>; brief?: boolean }): JSX.Element {
  if (doc.conflicts.length === 0) return <WholeVersions doc={doc} />
  const deletion = deletionOf(doc)
  return (
    <>
      <FieldChoices doc={doc} brief={brief} />
      {deletion !== undefined && <WholeVersions doc={doc} only={deletion} />}
    </>
  )
}

function WholeVersions({ doc, only }: { doc: Doc<Note>; only?: Sibling<Note> }): JSX.Element {
  const app = useApp()
  const shown = only === undefined ? versionsToShow(doc) : [only]
  const [first] = doc.siblings
  const keep = (version: Sibling<Note>): Promise<void> => {
    return version === first && deletionOf(doc) !== undefined ? keepShown(app.notes, doc) : keepVersion(app.notes, doc, version)
  }
  return (
    <div class="versions" style={{ '--versions': Math.min(3, Math.max(2, shown.length)) }}>
      {shown.map((version) => (
        <VersionCard
          key={version.version}
          version={version}
          {...(version === first && !version.deleted ? { merged: doc.value } : {})}
          others={doc.siblings}
          ownReplica={app.settings.replica.value}
          onKeep={() => void app.settle(doc, () => keep(version)).catch(showProblem('The choice could not be saved'))}
        />
      ))}
    </div>
  )
}

/** Beside a deletion, edits that have merged are one. */
function versionsToShow(doc: Doc<Note>): readonly Sibling<Note>[] {
  const [first] = doc.siblings
  if (deletionOf(doc) === undefined) return doc.siblings
  return doc.siblings.filter((version) => version.deleted || version === first)
}

/** What is open, in a few words. */
export function headline(doc: Doc<Note>, ownReplica: string): string {
  const deletion = deletionOf(doc)
  if (deletion?.replica === ownReplica) return 'Deleted here, edited elsewhere'
  if (deletion !== undefined) {
    const isEditedHere = doc.siblings.some(({ replica }) => replica === ownReplica)
    return isEditedHere ? 'Edited here, deleted elsewhere' : 'Edited on one device, deleted on another'
  }
  const [first, ...others] = openFields(doc)
  if (first === undefined) return `${['', 'One', 'Two', 'Three', 'Four'][doc.siblings.length] ?? doc.siblings.length} versions of this note`
  if (others.length > 0) return `${listed([first, ...others].map(({ label }) => label))} are open`
  return `${['', 'One', 'Two', 'Three', 'Four'][first.alternatives.length] ?? first.alternatives.length} versions of the ${first.label.toLowerCase()}`
}

function listed(labels: readonly string[]): string {
  const [first, ...rest] = labels.map((label, index) => (index === 0 ? label : label.toLowerCase()))
  return rest.length === 0 ? (first ?? '') : `${[first, ...rest.slice(0, -1)].join(', ')} and ${rest.at(-1)}`
}

function explanation(doc: Doc<Note>): string {
  if (deletionOf(doc) !== undefined) {
    return 'The note was deleted on one device and changed on another at the same time. Nothing is lost: choose what it shall be.'
  }
  if (doc.conflicts.length > 0) {
    return 'It was changed in several places before they could hear of each other. Everything else has come together by itself.'
  }
  return 'It was changed in several places before they could hear of each other. Nothing is lost: keep one version, or make one of all.'
}
