// The right pane: the open note in whichever form it needs, or a heron when none is open.
import type { JSX } from 'preact'
import { useApp } from '../app/app.ts'
import type { OpenNote } from '../notes/open-note.ts'
import { place } from '../page/route.ts'
import { ConflictView } from './conflict-view.tsx'
import { Editor } from './editor.tsx'
import { Inbox } from './inbox.tsx'
import { GoneView, NothingOpen, UnreadableView } from './quiet-views.tsx'
import { MergeView } from './merge-view.tsx'
import { NoteBar } from './note-bar.tsx'

export function NotePane(): JSX.Element {
  const open = useApp().opened.value
  if (place.value.kind === 'conflicts') return <Inbox />
  if (open === undefined) return <NothingOpen />
  return (
    <main class="note-pane" key={open.id} data-testid="note-pane" data-note-id={open.id} data-shown={open.shown.value}>
      <NoteBar open={open} />
      <Body open={open} />
    </main>
  )
}

function Body({ open }: { open: OpenNote }): JSX.Element {
  const doc = open.doc.value
  const shown = open.shown.value
  if (shown === 'conflict' && doc !== undefined) return <ConflictView open={open} doc={doc} />
  if (shown === 'merge' && doc !== undefined) return <MergeView open={open} doc={doc} />
  if (shown === 'gone') return <GoneView open={open} />
  if (shown === 'unreadable') return <UnreadableView />
  return <Editor open={open} />
}
