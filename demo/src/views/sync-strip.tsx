// The state of the sync, at the foot of the list: what is happening, and what is still only on this device.
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import { useApp } from '../app/app.ts'
import { progressOf, syncWords } from '../sync/words.ts'

export function SyncStrip(): JSX.Element {
  const status = useApp().connection.status.value
  const now = useSecondHand(status.error?.retryAt !== undefined)
  const words = syncWords(status, now)
  const progress = progressOf(status)
  return (
    <footer
      class="sync-strip"
      data-testid="sync"
      data-sync-state={status.state}
      data-unsent={status.unsent}
      data-error={status.error?.code}
    >
      <Water />
      <div class="sync-words">
        <span class="sync-state" role="status">
          {words.state}
        </span>
        <span class={`sync-detail ${status.unsent > 0 && words.unsent === undefined ? 'sync-unsent' : ''}`} data-testid="sync-detail">
          {words.detail}
        </span>
        {words.unsent !== undefined && <span class="sync-detail sync-unsent">{words.unsent}</span>}
      </div>
      {progress !== undefined && <progress class="sync-progress" aria-label="Catching up" value={progress} max={1} />}
    </footer>
  )
}

/** The time, to the second while it is shown, e.g. in a countdown. */
function useSecondHand(runs: boolean): number {
  const now = useSignal(Date.now())
  useEffect(() => {
    now.value = Date.now()
    if (!runs) return
    const timer = setInterval(() => (now.value = Date.now()), 500)
    return () => clearInterval(timer)
  }, [now, runs])
  return runs ? Math.max(now.value, Date.now()) : now.value
}

/** Still water while nothing flows, a current while it does. The style sheet decides by the strip's state. */
function Water(): JSX.Element {
  return (
    <svg class="water" viewBox="0 0 40 20" aria-hidden="true">
      <path class="water-far" d="M-20 7q5-5 10 0t10 0 10 0 10 0 10 0 10 0 10 0 10 0" />
      <path class="water-near" d="M-20 14q5-5 10 0t10 0 10 0 10 0 10 0 10 0 10 0 10 0" />
    </svg>
  )
}
