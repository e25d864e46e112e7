// What the keyboard means. Pure but for the last function, which listens.

/** Where a key moves the active row; undefined when the key does not move it. */
export function listStep(key: string, index: number, count: number, page: number): number | undefined {
  if (count === 0) return undefined
  const steps: Record<string, number> = {
    ArrowDown: index + 1,
    j: index + 1,
    ArrowUp: index < 0 ? count - 1 : index - 1,
    k: index < 0 ? count - 1 : index - 1,
    PageDown: index + page,
    PageUp: index - page,
    Home: 0,
    End: count - 1,
  }
  const next = steps[key]
  return next === undefined ? undefined : Math.max(0, Math.min(count - 1, next))
}

/** Whether keys are letters for what has the focus, and not commands. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button', 'file'].includes(target.type)
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable
}

export interface PageCommands {
  readonly newNote: () => void
  readonly search: () => void
  readonly list: (event: KeyboardEvent) => void
  readonly back: (event: KeyboardEvent) => void
  readonly save: () => void
  readonly undo: () => void
  readonly redo: () => void
}

/** Commands that work anywhere in the page, but not over an open dialog. */
export function listenForCommands(commands: PageCommands): () => void {
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || document.querySelector('dialog[open]') !== null) return
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey
    if (event.ctrlKey || event.metaKey) onControl(event)
    else if (isPlain && event.key === 'Escape') commands.back(event)
    else if (isPlain && !isTyping(event.target)) onLetter(event)
  }
  // While somebody types, the field has an undo of its own.
  const onControl = (event: KeyboardEvent): void => {
    const key = event.key.toLowerCase()
    if (key === 's') handled(event, commands.save)
    else if (isTyping(event.target)) return
    else if (key === 'y' || (key === 'z' && event.shiftKey)) handled(event, commands.redo)
    else if (key === 'z') handled(event, commands.undo)
  }
  const onLetter = (event: KeyboardEvent): void => {
    if (event.key === 'n') handled(event, commands.newNote)
    else if (event.key === '/') handled(event, commands.search)
    else if (['j', 'k', 'ArrowDown', 'ArrowUp'].includes(event.key)) commands.list(event)
  }
  document.addEventListener('keydown', onKeyDown)
  return () => document.removeEventListener('keydown', onKeyDown)
}

function handled(event: KeyboardEvent, run: () => void): void {
  event.preventDefault()
  run()
}
