// One version of a note in conflict: who wrote it and when, its text with what only it says, and the button to keep it.
import type { Sibling } from 'eyot'
import type { JSX } from 'preact'
import type { Note, NoteText } from '../notes/note.ts'
import { readNote, tagsText } from '../notes/note.ts'
import { placeOf, readVersion } from '../notes/versions.ts'
import { longTime } from '../page/format.ts'
import { Icon } from './icons.tsx'
import { Marked } from './marked.tsx'

interface VersionCardProps {
  readonly version: Sibling<Note>
  /** What is kept with it, where that is not its own value alone: several edits that have merged. */
  readonly merged?: Note
  readonly others: readonly Sibling<Note>[]
  /** The replica that this device writes as; empty while it is not known. */
  readonly ownReplica: string
  /** Left out: this version is only looked at. */
  readonly onKeep?: () => void
}

export function VersionCard({ version, merged, others, ownReplica, onKeep }: VersionCardProps): JSX.Element {
  const place = placeOf(version.replica, ownReplica)
  return (
    <article
      class="version"
      aria-label={`Version from ${place}`}
      data-testid="conflict-version"
      data-version={version.version}
      data-deleted={version.deleted}
    >
      <VersionHead version={version} ownReplica={ownReplica} />
      {version.deleted ? (
        <Deletion place={place} />
      ) : (
        <Contents note={merged === undefined ? readVersion(version) : readNote(merged)} other={otherEdit(version, others)} />
      )}
      {onKeep !== undefined && (
        <footer class="version-foot">
          <button type="button" class={`button ${version.deleted ? 'danger' : 'primary'}`} data-testid="keep-version" onClick={onKeep}>
            {version.deleted ? 'Delete the note' : 'Keep this'}
          </button>
        </footer>
      )}
    </article>
  )
}

/** Who wrote it, and when. */
export function VersionHead({ version, ownReplica }: { version: Sibling<Note>; ownReplica: string }): JSX.Element {
  return (
    <header class="version-head">
      <h3>{placeOf(version.replica, ownReplica)}</h3>
      <time>{longTime(version.at)}</time>
    </header>
  )
}

function Deletion({ place }: { place: string }): JSX.Element {
  return (
    <p class="version-deleted" data-testid="version-deleted">
      <Icon name="trash" />
      Deleted on {place.toLowerCase()}
    </p>
  )
}

function Contents({ note, other = note }: { note: NoteText | undefined; other: NoteText | undefined }): JSX.Element {
  if (note === undefined || other === undefined) {
    return <p class="version-text">Written by a newer version of Field Notes; kept as it is.</p>
  }
  return (
    <div class="version-body">
      <h4 class="version-title">{note.title === '' ? 'Untitled' : <Marked text={note.title} other={other.title} />}</h4>
      <p class="version-facts">
        <Marked text={factsOf(note)} other={factsOf(other)} />
      </p>
      <p class="version-text">
        <Marked text={note.text} other={other.text} />
      </p>
    </div>
  )
}

function factsOf(note: NoteText): string {
  const tags = note.tags.length === 0 ? 'no tags' : tagsText(note.tags)
  return `${note.done ? 'Done' : 'Open'} · ${tags}`
}

/** What this version is compared with: the first other one that has a text. */
function otherEdit(version: Sibling<Note>, others: readonly Sibling<Note>[]): NoteText | undefined {
  const other = others.find((candidate) => candidate.version !== version.version && !candidate.deleted)
  return other === undefined ? undefined : readVersion(other)
}
