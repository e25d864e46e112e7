// Short messages at the edge of the page, some with one thing to do about them. They go by themselves.
import { signal } from '@preact/signals'

export interface Toast {
  readonly key: number
  readonly message: string
  readonly tone: 'plain' | 'problem'
  readonly action?: { readonly label: string; readonly run: () => void }
}

const stayMs = 8000
let lastKey = 0

export const toasts = signal<readonly Toast[]>([])

export function showToast(message: string, options: Partial<Pick<Toast, 'tone' | 'action'>> = {}): void {
  lastKey += 1
  const key = lastKey
  toasts.value = [...toasts.peek().slice(-2), { key, message, tone: 'plain', ...options }]
  setTimeout(() => dismiss(key), stayMs)
}

export function dismiss(key: number): void {
  toasts.value = toasts.peek().filter((toast) => toast.key !== key)
}

/** Says what failed. Every promise that a click starts ends here if it fails. */
export function showProblem(what: string): (error: unknown) => void {
  return (error) => showToast(`${what}: ${error instanceof Error ? error.message : String(error)}`, { tone: 'problem' })
}
