// The whole page: two panes where there is room, one at a time on a phone; and the keyboard's commands.
import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import type { App } from '../app/app.ts'
import { useApp } from '../app/app.ts'
import { isTyping, listenForCommands } from '../page/keys.ts'
import { goToList, place } from '../page/route.ts'
import { showProblem, showToast } from '../page/toasts.ts'
import { themeOf } from '../app/settings.ts'
import { ListPane } from './list-pane.tsx'
import { NotePane } from './note-pane.tsx'
import { Panel } from './panel.tsx'
import { ClosedView, Toasts } from './toasts-view.tsx'

export function AppView(): JSX.Element {
  const app = useApp()
  const theme = themeOf(app.settings.theme.value)
  useEffect(() => listenForCommands(commandsOf(app)), [app])
  useEffect(() => {
    document.documentElement.dataset['theme'] = theme
  }, [theme])
  const open = app.opened.value
  useEffect(() => {
    if (open?.saveState.peek() === 'new') focusFirst()
  }, [open])
  return (
    <div class="app" data-view={place.value.kind === 'list' ? 'list' : 'note'}>
      <ListPane />
      <NotePane />
      {app.panelOpen.value ? <Panel /> : <Toasts />}
      {app.closedBy.value !== undefined && <ClosedView reason={app.closedBy.value} />}
    </div>
  )
}

function commandsOf(app: App): Parameters<typeof listenForCommands>[0] {
  return {
    newNote: () => app.newNote(),
    search: () => {
      goToListOnPhone()
      element('.search input')?.focus()
    },
    list: (event) => {
      const list = element('.list')
      if (list === null || isInList(event.target)) return
      event.preventDefault()
      list.focus()
      list.dispatchEvent(new KeyboardEvent('keydown', { key: event.key, cancelable: true }))
    },
    back: (event) => stepBack(app, event),
    save: () => void saveAndSay(app),
    undo: () => void app.undo().catch(showProblem('Undo has failed')),
    redo: () => void app.redo().catch(showProblem('Redo has failed')),
  }
}

/** From a search to the list, from a field to the list, from the list to no note. */
function stepBack(app: App, event: KeyboardEvent): void {
  const { query } = app.library
  if (event.target instanceof HTMLInputElement && event.target.type === 'search' && query.peek() !== '') {
    query.value = ''
    event.preventDefault()
    return
  }
  const fromField = isTyping(event.target)
  if (!fromField || isPhone()) goToList()
  element('.list')?.focus()
}

/** There is nothing to do: the note saves itself. It is done at once all the same, and said. */
async function saveAndSay(app: App): Promise<void> {
  await app.opened.peek()?.flush()
  showToast(app.opened.peek()?.saveState.peek() === 'failed' ? 'Not saved' : 'Saved on this device. Notes save themselves.')
}

function goToListOnPhone(): void {
  if (isPhone()) goToList()
}

function isPhone(): boolean {
  return !matchMedia('(width >= 50rem)').matches
}

function isInList(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('.list') !== null
}

function focusFirst(): void {
  element('[data-focus-first]')?.focus()
}

function element(selector: string): HTMLElement | null {
  return document.querySelector<HTMLElement>(selector)
}
