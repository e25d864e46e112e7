// Which note is open, as the address says: `#/note/<id>`. The browser's own back button goes from note to list.
import { signal } from '@preact/signals'

/** The id of the open note; undefined while only the list shows. */
export const openId = signal<string | undefined>(parse(location.hash))

addEventListener('popstate', () => {
  openId.value = parse(location.hash)
})

/** Opens a note. From one note to another the back button still leads to the list. */
export function goToNote(id: string): void {
  const hash = `#/note/${encodeURIComponent(id)}`
  if (openId.peek() === undefined) history.pushState({ overList: true }, '', hash)
  else history.replaceState(history.state, '', hash)
  openId.value = id
}

export function goToList(): void {
  if (openId.peek() === undefined) return
  openId.value = undefined
  if (isOverList(history.state)) history.back()
  else history.replaceState(null, '', '#/')
}

/** Whether the entry before this one in the browser's history is the list. */
function isOverList(state: unknown): boolean {
  return typeof state === 'object' && state !== null && 'overList' in state
}

function parse(hash: string): string | undefined {
  const id = /^#\/note\/(.+)$/.exec(hash)?.[1]
  try {
    return id === undefined ? undefined : decodeURIComponent(id)
  } catch {
    return undefined
  }
}
