// Merging by hand: an editor that begins with a proposal, and the versions beside it.
import { useSignal } from '@preact/signals'
import type { Doc } from 'eyot'
import type { JSX } from 'preact'
import { useApp } from '../app/app.ts'
import { saveMerge } from '../notes/actions.ts'
import { proposeFor } from '../notes/merge.ts'
import type { Note, NoteText } from '../notes/note.ts'
import { parseTags, tagsText } from '../notes/note.ts'
import type { OpenNote } from '../notes/open-note.ts'
import { showProblem } from '../page/toasts.ts'
import { GrowingText } from './growing-text.tsx'
import { VersionCard } from './version-card.tsx'

export function MergeView({ open, doc }: { open: OpenNote; doc: Doc<Note> }): JSX.Element {
  const app = useApp()
  // What the merge is made from. A version that arrives meanwhile is shown beside, but stays a version of its own.
  const seen = useSignal(doc).peek()
  const merged = useSignal(proposeFor(seen))
  const save = async (): Promise<void> => {
    await app.settle(seen, () => saveMerge(app.notes, seen, merged.value))
    open.merging.value = false
  }
  return (
    <section class="merge" data-testid="merge">
      <header class="conflict-head">
        <h2>Merge by hand</h2>
        <p>This begins with everything that the versions say. Make of it what you like; they stay until you save.</p>
      </header>
      <div class="merge-columns">
        <MergeFields
          merged={merged.value}
          onChange={(part) => (merged.value = { ...merged.value, ...part })}
          onSave={() => void save().catch(showProblem('The merged note could not be saved'))}
          onCancel={() => (open.merging.value = false)}
        />
        <div class="merge-sources">
          {doc.siblings.map((version) => (
            <VersionCard key={version.version} version={version} others={doc.siblings} ownReplica={app.settings.replica.value} />
          ))}
        </div>
      </div>
    </section>
  )
}

interface MergeFieldsProps {
  readonly merged: NoteText
  readonly onChange: (part: Partial<NoteText>) => void
  readonly onSave: () => void
  readonly onCancel: () => void
}

function MergeFields({ merged, onChange, onSave, onCancel }: MergeFieldsProps): JSX.Element {
  const submit = (event: Event): void => {
    event.preventDefault()
    onSave()
  }
  return (
    <form class="merge-fields" data-testid="merge-editor" onSubmit={submit}>
      <GrowingText
        class="title-field"
        label="Title"
        placeholder="Title"
        testId="merge-title"
        oneLine
        focusFirst
        value={merged.title}
        onChange={(title) => onChange({ title })}
      />
      <div class="merge-facts">
        <input
          type="text"
          class="plain-field"
          aria-label="Tags, separated by commas"
          data-testid="merge-tags"
          defaultValue={tagsText(merged.tags)}
          onInput={(event) => onChange({ tags: parseTags(event.currentTarget.value) })}
        />
        <label class="done-box">
          <input
            type="checkbox"
            data-testid="merge-done"
            checked={merged.done}
            onChange={(event) => onChange({ done: event.currentTarget.checked })}
          />
          Done
        </label>
      </div>
      <GrowingText class="text-field" label="Text" placeholder="Text" testId="merge-text" value={merged.text} onChange={(text) => onChange({ text })} />
      <div class="buttons">
        <button type="submit" class="button primary" data-testid="merge-save">
          Save as the one version
        </button>
        <button type="button" class="button" data-testid="merge-cancel" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  )
}
