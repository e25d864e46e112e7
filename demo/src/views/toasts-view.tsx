// Short messages at the foot of the page, and the one message that stays: this tab can no longer write.
import type { JSX } from 'preact'
import type { Toast } from '../page/toasts.ts'
import { dismiss, showProblem, toasts } from '../page/toasts.ts'
import { Icon } from './icons.tsx'

export function Toasts(): JSX.Element {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((toast) => (
        <ToastView key={toast.key} toast={toast} />
      ))}
    </div>
  )
}

function ToastView({ toast }: { toast: Toast }): JSX.Element {
  const { key, message, tone, action } = toast
  return (
    <div class={`toast ${tone}`} data-testid="toast">
      <p>{message}</p>
      {action !== undefined && (
        <button
          type="button"
          class="toast-action"
          data-testid={action.label.toLowerCase()}
          onClick={() => {
            dismiss(key)
            void action.run().catch(showProblem(`${action.label} has failed`))
          }}
        >
          {action.label}
        </button>
      )}
      <button type="button" class="icon-button" aria-label="Dismiss" onClick={() => dismiss(key)}>
        <Icon name="close" />
      </button>
    </div>
  )
}

const reasons: Record<string, string> = {
  'destroyed-elsewhere': 'The notes of this browser were removed in another tab.',
  'version-change': 'A newer version of Field Notes runs in another tab.',
  'storage-lost': 'The browser has closed its storage.',
}

export function ClosedView({ reason }: { reason: string }): JSX.Element {
  return (
    <div class="closed" role="alertdialog" aria-modal="true" aria-label="This tab has stopped" data-testid="closed" data-reason={reason}>
      <div class="closed-card">
        <h2>This tab has stopped</h2>
        <p>{reasons[reason] ?? 'The database was closed.'} Reload to go on.</p>
        <button type="button" class="button primary" onClick={() => location.reload()}>
          Reload
        </button>
      </div>
    </div>
  )
}
