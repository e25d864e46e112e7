// Where the app starts: opens the database, draws the page, keeps itself for offline starts.
import { render } from 'preact'
import { App, AppProvider } from './app/app.ts'
import type { NotesDatabase } from './app/database.ts'
import { openDatabase } from './app/database.ts'
import type { Collection, SyncStatus } from 'eyot'
import type { Note } from './notes/note.ts'
import type { LongTask } from './page/monitor.ts'
import { longTasks, startMonitor } from './page/monitor.ts'
import { AppView } from './views/app-view.tsx'
import { StartProblem } from './views/start-problem.tsx'
import './styles/tokens.css'
import './styles/base.css'
import './styles/list.css'
import './styles/sync.css'
import './styles/notice.css'
import './styles/note.css'
import './styles/conflict.css'
import './styles/panel.css'

declare global {
  interface Window {
    /** For scripts: the app's own database, how its sync stands, and what kept the page busy. */
    fieldNotes?: {
      db: NotesDatabase
      notes: Collection<Note>
      sync: () => SyncStatus
      longTasks: () => readonly LongTask[]
    }
  }
}

async function start(root: HTMLElement): Promise<void> {
  startMonitor()
  try {
    const app = new App(await openDatabase())
    app.start()
    window.fieldNotes = { db: app.db, notes: app.notes, sync: () => app.connection.status.peek(), longTasks }
    root.replaceChildren()
    render(
      <AppProvider value={app}>
        <AppView />
      </AppProvider>,
      root,
    )
  } catch (error) {
    root.replaceChildren()
    render(<StartProblem error={error} />, root)
  }
  if (import.meta.env.PROD && 'serviceWorker' in navigator) await keepForOffline()
}

/** Without a service worker the app still works; it only cannot start without a network. */
async function keepForOffline(): Promise<void> {
  try {
    await navigator.serviceWorker.register('./sw.js')
  } catch (error) {
    console.warn('Field Notes cannot start offline in this browser.', error)
  }
}

const root = document.getElementById('app')
if (root !== null) void start(root)
