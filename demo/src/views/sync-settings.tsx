// Where the notes sync to, with which token, and whether at all.
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useApp } from '../app/app.ts'
import { showToast } from '../page/toasts.ts'
import { defaultRelay, whyNoRelay } from '../sync/relay-url.ts'

export function SyncSettings(): JSX.Element {
  const { settings } = useApp()
  return (
    <>
      <label class="switch">
        <input
          type="checkbox"
          role="switch"
          data-testid="sync-switch"
          checked={settings.syncs.value === 'on'}
          onChange={(event) => (settings.syncs.value = event.currentTarget.checked ? 'on' : 'off')}
        />
        Sync notes with a relay
      </label>
      <RelayForm />
    </>
  )
}

function RelayForm(): JSX.Element {
  const { settings } = useApp()
  const relay = useSignal(settings.relay.peek())
  const token = useSignal(settings.token.peek())
  const problem = useSignal<string | undefined>(undefined)
  const save = (event: Event): void => {
    event.preventDefault()
    problem.value = whyNoRelay(relay.value)
    if (problem.value !== undefined) return
    settings.relay.value = relay.value.trim()
    settings.token.value = token.value.trim()
    showToast('Sync settings saved')
  }
  return (
    <form class="relay-form" data-testid="settings" onSubmit={save}>
      <label class="field">
        <span>Relay</span>
        <input
          type="text"
          inputMode="url"
          autocomplete="off"
          spellcheck={false}
          data-testid="relay-url"
          placeholder={defaultRelay(location.href)}
          aria-invalid={problem.value !== undefined}
          aria-describedby="relay-help"
          value={relay.value}
          onInput={(event) => (relay.value = event.currentTarget.value)}
        />
      </label>
      <p id="relay-help" class={problem.value === undefined ? 'help' : 'problem'}>
        {problem.value ?? 'Empty: the server that this page came from.'}
      </p>
      <label class="field">
        <span>Token</span>
        <input
          type="password"
          autocomplete="off"
          data-testid="relay-token"
          placeholder="None"
          value={token.value}
          onInput={(event) => (token.value = event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="button" data-testid="settings-save">
        Save
      </button>
    </form>
  )
}
