// Short messages at the edge of the page, some with one thing to do about them. They go by themselves.
import { signal } from '@preact/signals'

export interface Toast {
  readonly key: number
  readonly message: string
  readonly tone: 'plain' | 'problem'
  readonly action?: { readonly label: string; readonly run: () => Promise<void> }
}

/** Long enough to read, and with something to do about it long enough to think. */
const stayMs = { toRead: 4000, toAct: 8000 }
let lastKey = 0

export const toasts = signal<readonly Toast[]>([])

/** Shows it, and gives its key. */
export function showToast(message: string, options: Partial<Pick<Toast, 'tone' | 'action'>> = {}): number {
  lastKey += 1
  const key = lastKey
  toasts.value = [...toasts.peek().slice(-2), { key, message, tone: 'plain', ...options }]
  const isCalm = options.action === undefined && options.tone === undefined
  setTimeout(() => dismiss(key), isCalm ? stayMs.toRead : stayMs.toAct)
  return key
}

export function dismiss(key: number): void {
  toasts.value = toasts.peek().filter((toast) => toast.key !== key)
}

/** Says what failed. Every promise that a click starts ends here if it fails. */
export function showProblem(what: string): (error: unknown) => void {
  return (error) => void showToast(`${what}: ${error instanceof Error ? error.message : String(error)}`, { tone: 'problem' })
}
