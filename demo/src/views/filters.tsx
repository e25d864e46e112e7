// Which notes the list shows: open, done, all; the tags; and the way to what is in conflict.
import type { JSX } from 'preact'
import { useApp } from '../app/app.ts'
import type { Show } from '../notes/filter.ts'
import { countText } from '../page/format.ts'
import { goToConflicts, place } from '../page/route.ts'
import { Icon } from './icons.tsx'

/** More tags than this are found by searching. */
const shownTags = 40

export function Filters(): JSX.Element {
  const { counts } = useApp().library
  const { open, done, all } = counts.value
  return (
    <div class="filters">
      <div class="segments" role="group" aria-label="Show">
        <ShowButton show="open" label="Open" count={open} />
        <ShowButton show="done" label="Done" count={done} />
        <ShowButton show="all" label="All" count={all} />
      </div>
      <Tags />
      <ToSettle />
    </div>
  )
}

function ShowButton({ show, label, count }: { show: Show; label: string; count: number }): JSX.Element {
  const { library } = useApp()
  return (
    <button
      type="button"
      class={`segment segment-${show}`}
      aria-pressed={library.show.value === show}
      data-testid={`filter-${show}`}
      onClick={() => (library.show.value = show)}
    >
      {label} <span class="count">{countText(count)}</span>
    </button>
  )
}

function Tags(): JSX.Element | null {
  const { library } = useApp()
  const chosen = library.tag.value
  const tags = library.tags.value.slice(0, shownTags)
  if (chosen !== undefined && !tags.includes(chosen)) tags.unshift(chosen)
  if (tags.length === 0) return null
  return (
    <div class="tags" role="group" aria-label="Tags" data-testid="tag-filter">
      {tags.map((tag) => (
        <button
          key={tag}
          type="button"
          class="tag"
          aria-pressed={tag === chosen}
          data-tag={tag}
          onClick={() => (library.tag.value = tag === chosen ? undefined : tag)}
        >
          {tag}
          {tag === chosen && <Icon name="close" />}
        </button>
      ))}
    </div>
  )
}

/** There only while there is something to settle, or while that is open. */
function ToSettle(): JSX.Element | null {
  const count = useApp().library.conflicts.value.length
  const isOpen = place.value.kind === 'conflicts'
  if (count === 0 && !isOpen) return null
  return (
    <button type="button" class="to-settle" aria-pressed={isOpen} data-testid="to-settle" data-count={count} onClick={goToConflicts}>
      <Icon name="fork" />
      {count === 0 ? 'Nothing left to settle' : `${countText(count)} ${count === 1 ? 'note' : 'notes'} to settle`}
    </button>
  )
}
