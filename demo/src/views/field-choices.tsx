// The fields of a note that are open: for each of them what was written, by whom and when, and the button to keep it. With
// the last choice the note is settled.
import { useSignal } from '@preact/signals'
import type { Doc, Sibling } from 'eyot'
import type { JSX } from 'preact'
import { useApp } from '../app/app.ts'
import { keepFields } from '../notes/actions.ts'
import type { Note } from '../notes/note.ts'
import type { Alternative, OpenField } from '../notes/versions.ts'
import { openFields } from '../notes/versions.ts'
import { showProblem } from '../page/toasts.ts'
import { Marked } from './marked.tsx'
import { VersionHead } from './version-card.tsx'

type Chosen = ReadonlyMap<string, Sibling<Note>>

/** `brief` shows of long texts only where they differ. */
export function FieldChoices({ doc, brief = false }: { doc: Doc<Note>; brief?: boolean }): JSX.Element {
  const app = useApp()
  const chosen = useSignal<{ readonly context: string; readonly fields: Chosen }>({ context: '', fields: new Map() })
  const fields = openFields(doc)
  // A choice is one between the versions that were shown.
  const before = chosen.value.context === doc.context ? chosen.value.fields : new Map<string, Sibling<Note>>()
  const choose = (field: string, version: Sibling<Note>): void => {
    const now = new Map(before).set(field, version)
    chosen.value = { context: doc.context, fields: now }
    if (fields.some(({ name }) => !now.has(name))) return
    void app.settle(doc, () => keepFields(app.notes, doc, now)).catch(showProblem('The choice could not be saved'))
  }
  return (
    <div class="open-fields">
      {fields.map((field) => (
        <FieldChoice key={field.name} field={field} brief={brief} chosen={before.get(field.name)} onChoose={(version) => choose(field.name, version)} />
      ))}
    </div>
  )
}

interface FieldChoiceProps {
  readonly field: OpenField
  readonly brief: boolean
  readonly chosen: Sibling<Note> | undefined
  readonly onChoose: (version: Sibling<Note>) => void
}

function FieldChoice({ field, brief, chosen, onChoose }: FieldChoiceProps): JSX.Element {
  const { alternatives, label, name } = field
  return (
    <section class="open-field" aria-label={label} data-testid="open-field" data-field={name}>
      <h3 class="open-field-name">{label}</h3>
      <div class="versions" style={{ '--versions': Math.min(3, alternatives.length) }}>
        {alternatives.map((alternative) => (
          <AlternativeCard
            key={alternative.version.version}
            name={name}
            label={label}
            alternative={alternative}
            other={alternatives.find((one) => one !== alternative) ?? alternative}
            brief={brief}
            isChosen={chosen === alternative.version}
            onChoose={onChoose}
          />
        ))}
      </div>
    </section>
  )
}

interface AlternativeCardProps {
  readonly name: string
  readonly label: string
  readonly alternative: Alternative
  readonly other: Alternative
  readonly brief: boolean
  readonly isChosen: boolean
  readonly onChoose: (version: Sibling<Note>) => void
}

function AlternativeCard({ name, label, alternative, other, brief, isChosen, onChoose }: AlternativeCardProps): JSX.Element {
  const { version, text } = alternative
  return (
    <article class="version" data-testid="conflict-value" data-version={version.version} data-chosen={isChosen}>
      <VersionHead version={version} ownReplica={useApp().settings.replica.value} />
      <div class="version-body">
        <p class={name === 'title' ? 'version-title' : 'version-text'}>
          {text === '' ? <em class="version-empty">Left empty</em> : <Marked text={text} other={other.text} excerpt={brief} />}
        </p>
      </div>
      <footer class="version-foot">
        <button
          type="button"
          class={`button ${isChosen ? 'primary' : ''}`}
          aria-label={`Keep this ${label.toLowerCase()}`}
          aria-pressed={isChosen}
          data-testid="keep-value"
          onClick={() => onChoose(version)}
        >
          {isChosen ? 'Chosen' : 'Keep this'}
        </button>
      </footer>
    </article>
  )
}
