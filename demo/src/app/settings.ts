// What this browser remembers for itself and never syncs: the relay, its token, the look. Reads tolerate anything.
import { signal } from '@preact/signals'
import type { Signal } from '@preact/signals'

export type Theme = 'system' | 'light' | 'dark'

export class Settings {
  /** The relay's address without the database: `wss://host/v1/sync`. Empty: the one that this page came from. */
  readonly relay = remembered('field-notes.relay', '')
  /** Empty: none. */
  readonly token = remembered('field-notes.token', '')
  readonly syncs = remembered('field-notes.sync', 'on')
  /** The replica that this browser writes as, as far as it is known: to tell "this device" from others. */
  readonly replica = remembered('field-notes.replica', '')
  readonly theme = remembered('field-notes.theme', 'system')
}

/** A text which outlives the page. Where storage is refused, it lasts as long as the page. */
function remembered(key: string, initial: string): Signal<string> {
  const state = signal(read(key) ?? initial)
  let first = true
  state.subscribe((value) => {
    if (first) first = false
    else write(key, value)
  })
  return state
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    // A browser that refuses to remember settings still takes notes.
  }
}

export function themeOf(text: string): Theme {
  return text === 'light' || text === 'dark' ? text : 'system'
}
