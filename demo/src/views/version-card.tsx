// One version of a note in conflict: who wrote it and when, its text with what only it says, and the button to keep it.
import type { Sibling } from 'eyot'
import type { JSX } from 'preact'
import { markDifferences } from '../notes/differences.ts'
import type { Note } from '../notes/note.ts'
import { readNote, tagsText } from '../notes/note.ts'
import { longTime } from '../page/format.ts'
import { Icon } from './icons.tsx'

interface VersionCardProps {
  readonly version: Sibling<Note>
  readonly others: readonly Sibling<Note>[]
  /** The replica that this device writes as; empty while it is not known. */
  readonly ownReplica: string
  /** Left out: this version is only looked at. */
  readonly onKeep?: () => void
}

export function VersionCard({ version, others, ownReplica, onKeep }: VersionCardProps): JSX.Element {
  const place = placeOf(version.replica, ownReplica)
  return (
    <article
      class="version"
      aria-label={`Version from ${place}`}
      data-testid="conflict-version"
      data-version={version.version}
      data-deleted={version.deleted}
    >
      <header class="version-head">
        <h3>{place}</h3>
        <time>{longTime(version.at)}</time>
      </header>
      {version.deleted ? <Deletion place={place} /> : <Contents version={version} others={others} />}
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

function Deletion({ place }: { place: string }): JSX.Element {
  return (
    <p class="version-deleted" data-testid="version-deleted">
      <Icon name="trash" />
      Deleted on {place.toLowerCase()}
    </p>
  )
}

function Contents({ version, others }: { version: Sibling<Note>; others: readonly Sibling<Note>[] }): JSX.Element {
  const note = readVersion(version)
  if (note === undefined) return <p class="version-text">Written by a newer version of Field Notes; kept as it is.</p>
  const other = otherEdit(version, others) ?? note
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

/** A text with the words marked that the other version does not have. */
function Marked({ text, other }: { text: string; other: string }): JSX.Element {
  return (
    <>
      {markDifferences(text, other).map((piece, index) => (piece.own ? <mark key={index}>{piece.text}</mark> : piece.text))}
    </>
  )
}

function placeOf(replica: string, ownReplica: string): string {
  if (ownReplica === '') return `Device ${replica.slice(0, 4)}`
  return replica === ownReplica ? 'This device' : 'Another device'
}

function factsOf(note: Note): string {
  const tags = note.tags.length === 0 ? 'no tags' : tagsText(note.tags)
  return `${note.done ? 'Done' : 'Open'} · ${tags}`
}

/** What this version is compared with: the first other one that has a text. */
function otherEdit(version: Sibling<Note>, others: readonly Sibling<Note>[]): Note | undefined {
  const other = others.find((candidate) => candidate.version !== version.version && !candidate.deleted)
  return other === undefined ? undefined : readVersion(other)
}

export function readVersion(version: Sibling<Note>): Note | undefined {
  try {
    return version.deleted ? undefined : readNote(version.value)
  } catch {
    return undefined
  }
}
