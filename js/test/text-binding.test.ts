// An editor that is bound to a field: what is typed is written together, what others write comes in where it belongs.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { collection } from '../src/definition.js'
import { bindText, placeAfter, text, textareaEditor, type TextEdit, type TextEditor } from '../src/text/index.js'
import { openFake, settle } from './setup.js'

interface Note {
  readonly title?: string
  readonly body: string
}

class FakeEditor implements TextEditor {
  value = ''
  caret = 0
  busy = false
  applied: (readonly TextEdit[])[] = []
  changed = (): void => undefined
  left = (): void => undefined

  read(): string {
    return this.value
  }

  apply(edits: readonly TextEdit[]): void {
    this.applied.push(edits)
    for (const { at, remove, insert } of edits.toReversed()) {
      this.value = this.value.slice(0, at) + insert + this.value.slice(at + remove)
    }
    this.caret = placeAfter(this.caret, edits)
  }

  isBusy(): boolean {
    return this.busy
  }

  watch(changed: () => void, left: () => void): () => void {
    this.changed = changed
    this.left = left
    return () => (this.changed = this.left = (): void => undefined)
  }

  type(at: number, remove: number, insert: string): void {
    this.value = this.value.slice(0, at) + insert + this.value.slice(at + remove)
    this.caret = at + insert.length
    this.changed()
  }
}

async function begin() {
  const { db, shell } = await openFake({ collections: { notes: collection<Note>({ merge: { fields: { body: text() } } }) } })
  const notes = db.collection('notes')
  await notes.put('n', { body: 'The heron stands.' })
  const editor = new FakeEditor()
  const errors: unknown[] = []
  const binding = bindText(notes, 'n', 'body', editor, { delayMs: 60_000, onError: error => errors.push(error) })
  await settle()
  return { db, shell, notes, editor, binding, errors }
}

test('what was typed is written together, and what others write comes in as edits that keep the caret', async () => {
  const { notes, editor, binding, errors } = await begin()
  assert.equal(editor.value, 'The heron stands.')
  editor.type(4, 0, 'g')
  editor.type(5, 0, 'rey ')
  assert.equal(notes.peek('n')?.value.body, 'The heron stands.')
  await notes.update('n', note => ({ ...note, body: `Look! ${note.body}` }))
  await settle()
  assert.equal(editor.value, 'Look! The grey heron stands.')
  assert.equal(editor.caret, 15)
  assert.deepEqual(editor.applied.at(-1), [{ at: 0, remove: 0, insert: 'Look! ' }])
  editor.left()
  await settle()
  assert.equal(notes.peek('n')?.value.body, 'Look! The grey heron stands.')
  editor.type(0, 6, '')
  await binding.close()
  assert.equal(notes.peek('n')?.value.body, 'The grey heron stands.')
  assert.deepEqual(errors, [])
})

test('an editor in which something is composed is left alone until that is over', async () => {
  const { notes, editor, binding } = await begin()
  editor.busy = true
  await notes.update('n', note => ({ ...note, body: `${note.body}!` }))
  await settle()
  assert.equal(editor.value, 'The heron stands.')
  editor.busy = false
  editor.changed()
  assert.equal(editor.value, 'The heron stands.!')
  await binding.close()
})

test('a write that fails leaves what was typed in the editor, and the next one has it', async () => {
  const { db, shell, notes, editor, binding, errors } = await begin()
  const write = shell.write.bind(shell)
  shell.write = () => Promise.reject(new Error('no room'))
  editor.type(0, 3, 'A')
  editor.left()
  await settle()
  assert.equal(errors.length, 1)
  assert.equal(editor.value, 'A heron stands.')
  shell.write = write
  await binding.flush()
  assert.equal(notes.peek('n')?.value.body, 'A heron stands.')
  await notes.delete('n')
  editor.type(0, 1, 'The')
  await assert.rejects(binding.flush(), { code: 'not-found' })
  assert.equal(editor.value, 'The heron stands.')
  editor.type(0, 3, 'A')
  await binding.close()
  await db.close()
})

test('whatever is typed in two editors of a record, both come to show what is stored, and nothing that was typed is lost', async () => {
  const action = fc.record({ editor: fc.nat(1), at: fc.nat(30), flush: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 12 }), async actions => {
      const { notes, editor, binding } = await begin()
      const other = new FakeEditor()
      const second = bindText(notes, 'n', 'body', other, { delayMs: 60_000 })
      await settle()
      const typed: string[] = []
      for (const [index, { editor: which, at, flush }] of actions.entries()) {
        const character = String.fromCodePoint(0x4e00 + index)
        const target = which === 0 ? editor : other
        target.type(Math.min(at, target.value.length), 0, character)
        typed.push(character)
        if (flush) void (which === 0 ? binding : second).flush()
        if (at % 3 === 0) await settle()
      }
      await binding.flush()
      await second.flush()
      await settle()
      await Promise.all([binding.close(), second.close()])
      const stored = notes.peek('n')?.value.body ?? ''
      assert.deepEqual([editor.value, other.value], [stored, stored])
      assert.deepEqual(Array.from(stored.replace(/[ -~]/g, '')).sort(), typed)
      assert.equal(stored.replace(/[^ -~]/g, ''), 'The heron stands.')
    }),
    { numRuns: 60 },
  )
})

test('a textarea keeps its selection, has no carriage returns, and tells when it is left', () => {
  const listeners = new Map<string, () => void>()
  const element = {
    value: 'one two',
    selectionStart: 4,
    selectionEnd: 7,
    selectionDirection: 'backward' as const,
    setRangeText(replacement: string, start: number, end: number) {
      this.value = this.value.slice(0, start) + replacement + this.value.slice(end)
    },
    setSelectionRange(start: number, end: number) {
      Object.assign(this, { selectionStart: start, selectionEnd: end })
    },
    addEventListener: (name: string, listener: unknown) => void listeners.set(name, listener as () => void),
    removeEventListener: (name: string) => void listeners.delete(name),
    dispatchEvent: () => false,
  }
  const editor = textareaEditor(element)
  const calls: string[] = []
  const end = editor.watch(() => calls.push('changed'), () => calls.push('left'))
  editor.apply([{ at: 0, remove: 3, insert: 'eleven' }, { at: 7, remove: 0, insert: '!' }])
  assert.deepEqual([element.value, element.selectionStart, element.selectionEnd], ['eleven two!', 7, 10])
  assert.equal(editor.normalize?.('a\r\nb\rc'), 'a\nb\nc')
  for (const name of ['input', 'compositionstart']) listeners.get(name)?.()
  assert.equal(editor.isBusy?.(), true)
  for (const name of ['compositionend', 'blur']) listeners.get(name)?.()
  assert.deepEqual([calls, editor.isBusy()], [['changed', 'changed', 'left'], false])
  end()
  assert.equal(listeners.size, 0)
})
