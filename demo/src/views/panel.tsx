// The settings panel: sync, look, the notes as a whole, storage, and the keyboard.
import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { useApp } from '../app/app.ts'
import type { Theme } from '../app/settings.ts'
import { themeOf } from '../app/settings.ts'
import { exportToFile, importFromFile } from '../notes/backup.ts'
import { showProblem, showToast } from '../page/toasts.ts'
import { Icon } from './icons.tsx'
import { StorageLines } from './storage-lines.tsx'
import { SyncSettings } from './sync-settings.tsx'
import { Toasts } from './toasts-view.tsx'

export function Panel(): JSX.Element {
  const app = useApp()
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  const close = (): void => void (app.panelOpen.value = false)
  return (
    <dialog
      ref={dialog}
      class="panel"
      aria-labelledby="panel-title"
      data-testid="panel"
      onClose={close}
      onClick={(event) => event.target === event.currentTarget && close()}
    >
      <div class="panel-body">
        <header class="panel-head">
          <h2 id="panel-title">Settings</h2>
          <button type="button" class="icon-button" aria-label="Close" data-testid="panel-close" onClick={close}>
            <Icon name="close" />
          </button>
        </header>
        <Section title="Sync">
          <SyncSettings />
        </Section>
        <Section title="Appearance">
          <ThemeChoice />
        </Section>
        <Section title="All notes">
          <NotesAsAWhole />
        </Section>
        <Section title="Storage on this device">
          <StorageLines />
        </Section>
        <Section title="Keyboard">
          <KeyList />
        </Section>
      </div>
      {/* Here while the panel is open: a modal dialog covers everything outside of it. */}
      <Toasts />
    </dialog>
  )
}

function Section({ title, children }: { title: string; children: ComponentChildren }): JSX.Element {
  return (
    <section class="panel-section">
      <h3>{title}</h3>
      {children}
    </section>
  )
}

const themes: readonly Theme[] = ['system', 'light', 'dark']

function ThemeChoice(): JSX.Element {
  const { theme } = useApp().settings
  const chosen = themeOf(theme.value)
  return (
    <div class="segments wide" role="group" aria-label="Colours">
      {themes.map((name) => (
        <button
          key={name}
          type="button"
          class="segment"
          aria-pressed={name === chosen}
          data-testid={`theme-${name}`}
          onClick={() => (theme.value = name)}
        >
          {name === 'system' ? 'As the system' : name === 'light' ? 'Light' : 'Dark'}
        </button>
      ))}
    </div>
  )
}

function NotesAsAWhole(): JSX.Element {
  const app = useApp()
  const file = useRef<HTMLInputElement>(null)
  const importFile = async (chosen: File): Promise<void> => {
    const changed = await importFromFile(app.db, chosen)
    showToast(changed === 0 ? 'All of it was here already' : `${changed} ${changed === 1 ? 'note' : 'notes'} added or changed`)
  }
  return (
    <>
      <div class="buttons">
        <button type="button" class="button" data-testid="export" onClick={() => void exportToFile(app.db, new Date()).catch(showProblem('The notes could not be exported'))}>
          Export
        </button>
        <button type="button" class="button" data-testid="import" onClick={() => file.current?.click()}>
          Import
        </button>
        <button type="button" class="button" data-testid="sample-notes" onClick={() => void app.addSamples().catch(showProblem('The samples could not be added'))}>
          Load sample notes
        </button>
      </div>
      <input
        ref={file}
        type="file"
        hidden
        accept=".eyot"
        data-testid="import-file"
        onChange={(event) => {
          const chosen = event.currentTarget.files?.[0]
          event.currentTarget.value = ''
          if (chosen !== undefined) void importFile(chosen).catch(showProblem('The file could not be imported'))
        }}
      />
      <p class="help">An export holds every note with all its versions. Importing merges: nothing here is overwritten.</p>
    </>
  )
}

const keyList: readonly (readonly [keys: readonly string[], meaning: string])[] = [
  [['n'], 'New note'],
  [['/'], 'Search'],
  [['j', 'k'], 'Move in the list; the arrow keys too'],
  [['Enter'], 'Open and write'],
  [['x'], 'Done, or open again'],
  [['+', '-'], 'Count a sighting, or one less'],
  [['Delete'], 'Delete, with a way back'],
  [['Ctrl Z'], 'Undo; with Shift, do it again'],
  [['1', '2'], 'Among the notes to settle: keep that one'],
  [['Esc'], 'Back'],
]

function KeyList(): JSX.Element {
  return (
    <dl class="key-list">
      {keyList.map(([keys, meaning]) => (
        <div key={meaning}>
          <dt>
            {keys.map((key) => (
              <kbd key={key}>{key}</kbd>
            ))}
          </dt>
          <dd>{meaning}</dd>
        </div>
      ))}
    </dl>
  )
}
