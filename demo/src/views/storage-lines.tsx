// How well this device keeps the notes, as the database reports it.
import type { JSX } from 'preact'
import { useApp } from '../app/app.ts'
import { bytesText } from '../page/format.ts'

export function StorageLines(): JSX.Element {
  const { persisted, usage, quota, degraded } = useApp().health.value
  return (
    <div class="storage" data-testid="storage" data-persisted={persisted} data-degraded={degraded}>
      <p>{persistedWords(persisted)}</p>
      {usage !== undefined && <p>{usageWords(usage, quota)}</p>}
      {degraded !== undefined && <p class="problem">The last save to disk failed ({degraded}). Free some room on this device.</p>}
    </div>
  )
}

function persistedWords(persisted: boolean | undefined): string {
  if (persisted === true) return 'The browser has promised to keep your notes.'
  if (persisted === false) return 'The browser may remove notes when this device runs out of room. A relay or an export is a second place.'
  return 'The browser does not say whether it may remove notes when it runs out of room.'
}

function usageWords(usage: number, quota: number | undefined): string {
  return quota === undefined ? `${bytesText(usage)} in use.` : `${bytesText(usage)} in use of ${bytesText(quota)}.`
}
