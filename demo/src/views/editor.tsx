// The fields of an open note. It saves by itself; the bar above says what has become of it.
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useCallback } from 'preact/hooks'
import { parseTags, sameTags, tagsText } from '../notes/note.ts'
import type { OpenNote } from '../notes/open-note.ts'
import { deletionOf, openFields } from '../notes/versions.ts'
import { GrowingText } from './growing-text.tsx'
import { Icon } from './icons.tsx'
import { Tally } from './tally.tsx'

export function Editor({ open }: { open: OpenNote }): JSX.Element {
  const draft = open.draft.value
  const release = useCallback(
    (event: FocusEvent) => {
      const next = event.relatedTarget
      const form = event.currentTarget as HTMLElement
      if (!(next instanceof Node) || !form.contains(next)) void open.release()
    },
    [open],
  )
  return (
    <form class="editor" data-testid="editor" onFocusOut={release} onSubmit={(event) => event.preventDefault()}>
      <div class="sheet">
        <GrowingText
          class="title-field"
          label="Title"
          placeholder="Title"
          testId="editor-title"
          oneLine
          focusFirst
          value={draft.title}
          onChange={(title) => open.change({ title })}
        />
        <div class="note-facts">
          <TagsField open={open} />
          <Tally open={open} />
        </div>
        <GrowingText
          class="text-field"
          label="Text"
          placeholder="What did you see?"
          testId="editor-text"
          value={draft.text}
          onChange={(text) => open.change({ text })}
        />
      </div>
      {open.doc.value?.conflicted === true && <ConflictHint open={open} />}
    </form>
  )
}

/** While it has the focus it shows what is typed, so that a comma does not vanish under the fingers. */
function TagsField({ open }: { open: OpenNote }): JSX.Element {
  const typed = useSignal<string | undefined>(undefined)
  const { tags } = open.draft.value
  // What another device has added meanwhile is not typed away.
  const isTyped = typed.value !== undefined && sameTags(parseTags(typed.value), tags)
  return (
    <label class="tags-field">
      <Icon name="tag" />
      <input
        type="text"
        aria-label="Tags, separated by commas"
        placeholder="Tags, separated by commas"
        autocomplete="off"
        autocapitalize="none"
        data-testid="editor-tags"
        value={isTyped ? typed.value : tagsText(tags)}
        onInput={(event) => {
          typed.value = event.currentTarget.value
          open.change({ tags: parseTags(typed.value) })
        }}
        onBlur={() => (typed.value = undefined)}
      />
    </label>
  )
}

function hintWords({ doc: { value: doc } }: OpenNote): string {
  if (doc === undefined || deletionOf(doc) !== undefined) return 'This note was deleted on another device meanwhile. Your text is kept.'
  const what = openFields(doc).map(({ label }) => label.toLowerCase()).join(' and ')
  return `The ${what === '' ? 'note' : what} was also changed on another device. ${doc.siblings.length > 2 ? 'All' : 'Both'} versions are kept.`
}

/** Never takes the text away from someone who is writing it: the versions are shown when asked for, or afterwards. */
function ConflictHint({ open }: { open: OpenNote }): JSX.Element {
  return (
    <div class="conflict-hint" role="status" data-testid="conflict-hint">
      <Icon name="fork" />
      <p>{hintWords(open)}</p>
      <button type="button" class="button" data-testid="conflict-open" onClick={() => void open.release()}>
        Compare
      </button>
    </div>
  )
}
