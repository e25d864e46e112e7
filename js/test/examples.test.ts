// The examples in the README and in the doc comments: all are type-checked, those of the README run.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import 'fake-indexeddb/auto'
import ts from 'typescript'

import { collection } from '../src/definition.js'
import { conflictHistory } from '../src/history/conflict-history.js'
import { counter, set } from '../src/merge/kinds.js'
import { newId } from '../src/new-id.js'
import { text } from '../src/text/index.js'
import { undo } from '../src/undo/scope.js'
import { openFake } from './setup.js'

// From test/dist/test, where this runs, to the package.
const root = new URL('../../../', import.meta.url)

/** What the examples take as given. */
const GIVEN = `
import { collection, compare, conflictHistory, counter, EyotError, newId, open, set, undo, type CollectionDefinition, type Database, type Doc, type Sibling, type StandardSchema, type Sync } from '../../src/index.js'
import { useConflicts, useDoc, useLive, useLiveQuery, useSync } from '../../src/react/index.js'
import { bindText, text, textareaEditor } from '../../src/text/index.js'
interface Note { title: string; done: boolean }
interface Tag { name: string }
declare const db: Database<{ notes: CollectionDefinition<Note>; tags: CollectionDefinition<Tag> }>
declare const notes: import('../../src/index.js').Collection<Note>
declare const counters: import('../../src/index.js').Collection<number>
declare const note: Note
declare const doc: Doc<Note>
declare const context: string
declare const sync: Sync
declare const schema: StandardSchema<Note>
declare const index: { refresh(id: string): void }
declare const dataChannel: RTCDataChannel
declare const textarea: HTMLTextAreaElement
declare function render(docs: readonly Doc<Note>[]): void
declare function show(...anything: unknown[]): void
declare function badge(count: number): void
declare function askToFreeRoom(): void
declare function fetchToken(): Promise<string>
export const given = [collection, compare, EyotError, newId, open, undo, db, notes, counters, note, doc, context, index, render]
export const more = [conflictHistory, counter, set, text, bindText, textarea, textareaEditor, dataChannel, show, badge, askToFreeRoom, fetchToken, useConflicts, useDoc, useLive, useLiveQuery, useSync]
export type Given = Tag | Sibling<Note>
`

function blocks(text: string): string[] {
  return [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, block = '']) => block.replace(/^import .*\n/gm, ''))
}

function readmeBlocks(path = 'README.md'): string[] {
  return blocks(readFileSync(new URL(path, root), 'utf8'))
}

function commentBlocks(): string[] {
  const files = readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'))
  return files.flatMap(name => blocks(readFileSync(new URL(`src/${name}`, root), 'utf8').replace(/^ *\* ?/gm, '')))
}

/** Each block inside the one before, so that it sees what that one has declared and may declare it anew. */
function nested(parts: readonly string[], between = ''): string {
  return `${parts.map(part => `{\n${part}${between}\n`).join('')}${'}'.repeat(parts.length)}`
}

function check(name: string, body: string, ending = 'ts'): void {
  const path = fileURLToPath(new URL(`test/dist/${name}.${ending}`, root))
  writeFileSync(path, `${GIVEN}\n${body}`)
  const { config } = ts.readConfigFile(fileURLToPath(new URL('tsconfig.json', root)), name => ts.sys.readFile(name)) as {
    config: { compilerOptions: object }
  }
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, fileURLToPath(root))
  const lenient = { noUnusedLocals: false, noUnusedParameters: false, noUncheckedIndexedAccess: false, noEmit: true, jsx: ts.JsxEmit.ReactJSX }
  const program = ts.createProgram([path], { ...options, ...lenient, rootDir: fileURLToPath(root) })
  const source = program.getSourceFile(path)
  const problems = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
  const host = { getCanonicalFileName: (file: string) => file, getCurrentDirectory: () => fileURLToPath(root), getNewLine: () => '\n' }
  assert.equal(ts.formatDiagnostics(problems, host), '')
}

test('the examples of the README have the right types', () => {
  check('readme', `export async function readme(): Promise<void> {\n${nested(readmeBlocks())}\n}`)
})

test('the example of the project’s README has the right types', () => {
  const found = readmeBlocks('../README.md')
  assert.ok(found.length > 0)
  check('project', `export async function project(): Promise<void> {\n${nested(found)}\n}`)
})

test('the examples with React have the right types', () => {
  const examples = [...readFileSync(new URL('README.md', root), 'utf8').matchAll(/```tsx\n(.*?)```/gs)]
  assert.ok(examples.length > 0)
  const given = `import { memo } from 'react'\nimport type { Collection } from '../../src/index.js'\nexport { memo }`
  const bodies = examples.map(([, block = '']) => `export function example() {\n${block.replace(/^import .*\n/gm, '')}\n}`)
  check('react', `${given}\n${bodies.join('\n')}`, 'tsx')
})

test('the examples of the doc comments have the right types', () => {
  const found = commentBlocks()
  assert.ok(found.length > 8)
  const functions = found.map((block, index) => `export async function example${String(index)}(): Promise<void> {\n${block}\n}`)
  check('comments', functions.join('\n'))
})

interface Given {
  readonly open: (name: string, options: object) => Promise<unknown>
  readonly [name: string]: unknown
}

test('the examples of the README run', async () => {
  const { db, shell } = await openFake()
  // After the first block another device's version arrives, which this one has not seen: the conflict to talk about.
  const arrival = { id: 'n1', text: '{"title":"Egret","done":false}', context: '' }
  let arrived = false
  const rendered: number[] = []
  const badges: number[] = []
  const given: Given = {
    open: () => Promise.resolve(db),
    collection,
    counter,
    set,
    text,
    textarea: undefined,
    textareaEditor: () => ({}),
    bindText: () => ({ close: () => Promise.resolve() }),
    newId,
    schema: { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } },
    undo,
    conflictHistory,
    dataChannel: { send: () => undefined, close: () => undefined },
    between: () => {
      if (!arrived) shell.arrive('notes', [arrival])
      arrived = true
    },
    render: (docs: readonly unknown[]) => rendered.push(docs.length),
    badge: (count: number) => badges.push(count),
    show: () => undefined,
  }
  const body = `export default async function ({ ${Object.keys(given).join(', ')} }: any) {\n${nested(readmeBlocks(), '\nbetween()')}\n}`
  const { outputText } = ts.transpileModule(body, { compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 } })
  const file = new URL('test/dist/readme.mjs', root)
  writeFileSync(file, outputText)
  const { default: run } = (await import(file.href)) as { default: (given: Given) => Promise<void> }
  await run(given)
  assert.equal(rendered.at(-1), 1)
  assert.equal(badges[0], 0)
})

test('every code of an error is explained, in the README and in the doc comment', () => {
  const source = readFileSync(new URL('src/errors.ts', root), 'utf8')
  const [comment = '', rest = ''] = source.split('export type EyotErrorCode =')
  const codes = [...(rest.split('\n\n')[0] ?? '').matchAll(/'([a-z-]+)'/g)].map(([, code = '']) => code)
  assert.ok(codes.length > 20)
  const readme = readFileSync(new URL('README.md', root), 'utf8').split('## Errors')[1] ?? ''
  for (const text of [comment, readme]) {
    const explained = [...text.matchAll(/^[ *]*\| (`.*?) \|/gm)].flatMap(([, cell = '']) => cell.split(', '))
    assert.deepEqual(explained.map(code => code.replaceAll('`', '')).sort(), [...codes].sort())
  }
})
