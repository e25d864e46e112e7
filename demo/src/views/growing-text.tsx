// A text field that is as tall as its text, and in which the caret stays put when the text is changed from elsewhere.
import type { JSX } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { moveCaret } from '../page/caret.ts'

interface GrowingTextProps {
  readonly class: string
  readonly label: string
  readonly placeholder: string
  readonly testId: string
  readonly value: string
  /** Enter goes to the next field instead of making a new line. */
  readonly oneLine?: boolean
  /** The field to write in first, when a note is opened for writing. */
  readonly focusFirst?: boolean
  readonly onChange: (value: string) => void
}

export function GrowingText(props: GrowingTextProps): JSX.Element {
  const field = useRef<HTMLTextAreaElement>(null)
  useLayoutEffect(() => {
    if (field.current === null) return
    if (field.current.value !== props.value) replaceText(field.current, props.value)
    fitHeight(field.current)
  }, [props.value])
  return (
    <textarea
      ref={field}
      class={`growing ${props.class}`}
      rows={1}
      aria-label={props.label}
      placeholder={props.placeholder}
      data-testid={props.testId}
      data-focus-first={props.focusFirst}
      autocapitalize="sentences"
      onInput={(event) => props.onChange(textOf(event.currentTarget, props.oneLine))}
      onKeyDown={(event) => {
        if (props.oneLine === true && event.key === 'Enter' && !event.isComposing) goToNext(event)
      }}
    />
  )
}

/** A title pasted with line breaks becomes one line. */
function textOf(field: HTMLTextAreaElement, oneLine: boolean | undefined): string {
  return oneLine === true ? field.value.replace(/\s*\n\s*/g, ' ') : field.value
}

function replaceText(field: HTMLTextAreaElement, value: string): void {
  const before = field.value
  const [start, end] = [field.selectionStart, field.selectionEnd]
  field.value = value
  if (document.activeElement === field) field.setSelectionRange(moveCaret(before, value, start), moveCaret(before, value, end))
}

/** For browsers whose style sheets cannot say it. */
function fitHeight(field: HTMLTextAreaElement): void {
  if (CSS.supports('field-sizing', 'content')) return
  field.style.height = 'auto'
  field.style.height = `${field.scrollHeight}px`
}

function goToNext(event: KeyboardEvent): void {
  event.preventDefault()
  const form = event.currentTarget instanceof HTMLElement ? event.currentTarget.closest('form') : null
  form?.querySelector<HTMLElement>('.text-field')?.focus()
}
