// The engine's side of what crosses the boundary, for the engine in memory.

import type { Write } from '../src/packing.js'
import type { RawDoc, RawVersion } from '../src/shell.js'

/** Records as the engine packs them. */
export function packDocs(docs: readonly (RawDoc | undefined)[]): string {
  return pack(docs.map(doc => ({ head: [], doc })))
}

/** The same with their ids. */
export function packRows(rows: readonly (readonly [id: string, doc: RawDoc])[]): string {
  return pack(rows.map(([id, doc]) => ({ head: [id], doc })))
}

function pack(rows: readonly { head: readonly unknown[]; doc: RawDoc | undefined }[]): string {
  const head: unknown[] = []
  let texts = ''
  for (const { head: id, doc } of rows) {
    head.push(...id)
    if (doc === undefined) {
      head.push(null)
      continue
    }
    const [first] = doc.versions
    head.push(doc.context === first?.dots.join(' ') ? 0 : doc.context, doc.pending ? 1 : 0, doc.versions.length)
    for (const { at, dots, text, references, seen } of doc.versions) {
      head.push(at, references.length === 0 ? dots.join(' ') : names(dots, references, seen), text?.length ?? -1)
      texts += text ?? ''
    }
  }
  return `${JSON.stringify(head)}\n${texts}`
}

function names(dots: readonly string[], references: readonly string[], seen: RawVersion['seen']): readonly unknown[] {
  const both = [dots.join(' '), references.join(' ')]
  return seen === undefined ? both : [...both, seen]
}

/** The writes of a text. */
export function unpackWrites(packed: Uint8Array): Write[] {
  const parts = new TextDecoder().decode(packed).split('\0')
  const writes: Write[] = []
  let collection = ''
  for (let at = 0; at < parts.length; at += 4) {
    const [named = '', id = '', text = '', context = ''] = parts.slice(at, at + 4)
    if (named !== '') collection = named
    const [seen = '', references = ''] = context.split('\x02', 2)
    writes.push({
      collection,
      id: unescape(id),
      text: text === '' ? undefined : text,
      context: seen.startsWith('=') ? unescape(seen.slice(1)) : undefined,
      references: references === '' ? [] : references.split(' '),
    })
  }
  return writes
}

function unescape(text: string): string {
  return text.replaceAll('\x01c', '\x02').replaceAll('\x01a', '\0').replaceAll('\x01b', '\x01')
}
