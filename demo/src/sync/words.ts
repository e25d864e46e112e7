// The sync's state in plain words. Pure: a status and a time in, sentences out.
import type { SyncStatus } from 'eyot'
import { countText } from '../page/format.ts'

export interface SyncWords {
  /** The state in a word or two. */
  readonly state: string
  /** What it means for the notes, or why it waits. */
  readonly detail: string
  /** What is still only on this device, where `detail` does not say it. */
  readonly unsent?: string
}

export function syncWords(status: SyncStatus, now: number): SyncWords {
  const words = { state: stateWords(status), detail: detailWords(status, now) }
  const unsent = unsentWords(status.unsent)
  return status.unsent === 0 || words.detail === unsent ? words : { ...words, unsent }
}

/** How many changes are still only here. */
export function unsentWords(unsent: number): string {
  if (unsent === 0) return 'Everything is sent'
  return unsent === 1 ? '1 change not yet sent' : `${countText(unsent)} changes not yet sent`
}

/** From 0 to 1, while catching up with a known amount. */
export function progressOf({ state, received, expected }: SyncStatus): number | undefined {
  if (state !== 'catching-up' || expected <= 0) return undefined
  return Math.min(1, received / expected)
}

function stateWords({ state, error, unsent, received, expected }: SyncStatus): string {
  switch (state) {
    case 'off':
      return 'Sync is off'
    case 'offline':
      return 'Offline'
    case 'connecting':
      return 'Connecting'
    case 'catching-up':
      return unsent > 0 && received >= expected ? 'Sending' : 'Catching up'
    case 'live':
      return unsent > 0 ? 'Sending' : 'In sync'
    case 'waiting':
      return error?.retryAt === undefined ? 'Sync has stopped' : 'Waiting'
    case 'elsewhere':
      return 'Synced by another tab'
  }
}

function detailWords(status: SyncStatus, now: number): string {
  const { state, unsent, received, expected } = status
  if (state === 'catching-up' && received < expected) return `${countText(received)} of ${countText(expected)} received`
  if (state === 'waiting') return waitingWords(status, now)
  if (unsent > 0) return unsentWords(unsent)
  return state === 'live' || state === 'elsewhere' ? unsentWords(0) : 'Notes are kept on this device'
}

function waitingWords({ error }: SyncStatus, now: number): string {
  const reason = asSentence(error?.message ?? 'The relay does not answer')
  if (error?.retryAt === undefined) return reason
  const seconds = Math.max(0, Math.ceil((error.retryAt - now) / 1000))
  return `${reason} Trying again ${seconds === 0 ? 'now' : `in ${seconds} s`}.`
}

/** Messages of errors begin small and end without a stop. */
function asSentence(message: string): string {
  const capital = message.slice(0, 1).toUpperCase() + message.slice(1)
  return /[.!?]$/.test(capital) ? capital : `${capital}.`
}
