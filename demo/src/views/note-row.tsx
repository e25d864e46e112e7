// One row of the list.
import { memo } from 'preact/compat'
import type { JSX } from 'preact'
import type { Row } from '../notes/row.ts'
import { shortTime } from '../page/format.ts'
import { Icon } from './icons.tsx'

interface NoteRowProps {
  readonly row: Row
  readonly index: number
  readonly total: number
  readonly active: boolean
  readonly open: boolean
  readonly now: number
  readonly onOpen: (id: string) => void
}

export const NoteRow = memo(function NoteRow(props: NoteRowProps): JSX.Element {
  const { row, index, total, active, open, now } = props
  return (
    <div
      id={rowElementId(index)}
      class="row"
      role="option"
      aria-selected={open}
      aria-posinset={index + 1}
      aria-setsize={total}
      data-testid="note-row"
      data-note-id={row.id}
      data-active={active}
      data-done={row.done}
      data-unsent={row.unsent}
      data-conflicted={row.conflicted}
      style={{ transform: `translateY(calc(${index} * var(--row-height)))` }}
      onClick={() => props.onOpen(row.id)}
    >
      <div class="row-head">
        <span class="row-title">
          {row.done && <Icon name="check" />}
          {row.title}
        </span>
        <time class="row-time">{shortTime(row.at, now)}</time>
      </div>
      <p class="row-snippet">{row.snippet}</p>
      <div class="row-foot">
        <span class="row-tags">{row.tags.join(' · ')}</span>
        <RowMarks row={row} />
      </div>
    </div>
  )
})

export function rowElementId(index: number): string {
  return `note-row-${index}`
}

function RowMarks({ row }: { row: Row }): JSX.Element {
  return (
    <span class="row-marks">
      {row.sightings > 0 && <span class="row-seen">Seen {row.sightings}×</span>}
      {row.conflicted && (
        <span class="mark mark-conflict">
          <Icon name="fork" />
          Conflict
        </span>
      )}
      {row.unsent && (
        <span class="mark mark-unsent" title="On this device, not yet sent">
          <Icon name="unsent" />
          Not sent
        </span>
      )}
    </span>
  )
}
