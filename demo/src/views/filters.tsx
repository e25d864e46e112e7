// Which notes the list shows: open, done, all, those in conflict; and the tags.
import type { JSX } from 'preact'
import { useApp } from '../app/app.ts'
import type { Show } from '../notes/filter.ts'
import { countText } from '../page/format.ts'
import { Icon } from './icons.tsx'

/** More tags than this are found by searching. */
const shownTags = 40

export function Filters(): JSX.Element {
  const { counts } = useApp().library
  const { all, done, conflicts } = counts.value
  return (
    <div class="filters">
      <div class="segments" role="group" aria-label="Show">
        <ShowButton show="open" label="Open" count={all - done} />
        <ShowButton show="done" label="Done" count={done} />
        <ShowButton show="all" label="All" count={all} />
        {(conflicts > 0 || useApp().library.show.value === 'conflicts') && (
          <ShowButton show="conflicts" label="Conflicts" count={conflicts} />
        )}
      </div>
      <Tags />
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
  if (chosen !== undefined && !tags.some(([tag]) => tag === chosen)) tags.unshift([chosen, 0])
  if (tags.length === 0) return null
  return (
    <div class="tags" role="group" aria-label="Tags" data-testid="tag-filter">
      {tags.map(([tag]) => (
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
