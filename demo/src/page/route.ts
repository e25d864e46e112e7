// What is open, as the address says: a note (`#/note/<id>`), the conflicts (`#/conflicts`) or only the list. The browser's
// own back button goes from either to the list.
import { computed, signal } from '@preact/signals'

export type Place = { readonly kind: 'list' } | { readonly kind: 'conflicts' } | { readonly kind: 'note'; readonly id: string }

const list: Place = { kind: 'list' }

export const place = signal<Place>(parse(location.hash))

/** The id of the open note; undefined while none is open. */
export const openId = computed(() => (place.value.kind === 'note' ? place.value.id : undefined))

addEventListener('popstate', () => {
  place.value = parse(location.hash)
})

/** Opens a note. From one note to another the back button still leads to the list. */
export function goToNote(id: string): void {
  go({ kind: 'note', id }, `#/note/${encodeURIComponent(id)}`)
}

export function goToConflicts(): void {
  go({ kind: 'conflicts' }, '#/conflicts')
}

/** To the list; from a note that was opened among the conflicts, to them. */
export function goToList(): void {
  const { kind } = place.peek()
  if (kind === 'list') return
  const over = overWhat(history.state)
  place.value = kind === 'note' && over === 'conflicts' ? { kind: 'conflicts' } : list
  if (over === undefined) history.replaceState(null, '', '#/')
  else history.back()
}

function go(to: Place, hash: string): void {
  const { kind } = place.peek()
  if (kind === 'list' || (kind === 'conflicts' && to.kind === 'note')) history.pushState({ over: kind }, '', hash)
  else history.replaceState(history.state, '', hash)
  place.value = to
}

/** What the entry before this one in the browser's history is, where that is known. */
function overWhat(state: unknown): 'list' | 'conflicts' | undefined {
  if (typeof state !== 'object' || state === null || !('over' in state)) return undefined
  return state.over === 'list' || state.over === 'conflicts' ? state.over : undefined
}

function parse(hash: string): Place {
  if (hash === '#/conflicts') return { kind: 'conflicts' }
  const id = /^#\/note\/(.+)$/.exec(hash)?.[1]
  try {
    return id === undefined ? list : { kind: 'note', id: decodeURIComponent(id) }
  } catch {
    return list
  }
}
