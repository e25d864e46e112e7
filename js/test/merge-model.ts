// A small model of one record on several replicas: every write with all that its writer had seen. It knows by whom each field
// was really set, added to and removed from, and nothing of how contents say so.

import { decode } from '../src/decode.js'
import type { Merger } from '../src/merge/merger.js'
import type { RawDoc, RawVersion } from '../src/shell.js'

export type Fields = Record<string, unknown>

/** What a writer does to the value that it sees. */
export type Change =
  | { readonly kind: 'set'; readonly field: 'title' | 'body'; readonly value: number | undefined }
  | { readonly kind: 'add'; readonly amount: number }
  | { readonly kind: 'insert' | 'remove'; readonly element: string }
  | { readonly kind: 'type'; readonly at: number; readonly remove: number; readonly insert: string }

interface ModelWrite {
  readonly dot: string
  readonly at: number
  readonly seen: ReadonlySet<string>
  readonly text: string
  readonly references: readonly string[]
  readonly change: Change
  /** The events that it has put an end to, by field. */
  readonly ended: ReadonlySet<string>
  /** The characters that it has removed from the text. */
  readonly removed: readonly string[]
}

/** What is known somewhere: the dots of writes. */
export type Known = ReadonlySet<string>

export class Model {
  readonly writes = new Map<string, ModelWrite>()
  readonly #merger: Merger
  readonly #counters = new Map<string, number>()

  constructor(merger: Merger) {
    this.#merger = merger
  }

  /** The writes that stand, the latest first, as the engine shows them. */
  raw(known: Known): RawDoc | undefined {
    const all = [...known].map(dot => this.writes.get(dot)).filter(write => write !== undefined)
    const standing = all.filter(write => !all.some(other => other.seen.has(write.dot)))
    standing.sort((one, other) => other.at - one.at || (one.dot < other.dot ? 1 : -1))
    const sights = new Map<string, ModelWrite[]>()
    for (const write of standing) {
      const key = JSON.stringify([write.text, write.references])
      sights.set(key, [...(sights.get(key) ?? []), write])
    }
    const flat = [...sights.values()].flat()
    const versions = [...sights.values()].map((writes): RawVersion => {
      const [{ text, at, references }] = writes as [ModelWrite]
      const seenBy = (dot: string): number[] => [...flat.keys()].filter(place => flat[place]?.seen.has(dot))
      const seen = sights.size > 1 && references.length > 0 ? references.map(seenBy) : undefined
      return { text, at, replica: '', dots: writes.map(({ dot }) => dot), references, seen }
    })
    if (versions.length === 0) return undefined
    return { context: this.#contextOf(known), conflicted: versions.length > 1, pending: false, versions }
  }

  shown(known: Known): { value: Fields; conflicts: readonly string[] } {
    const raw = this.raw(known)
    const { value, conflicts } = this.#merger.display('notes', raw?.versions ?? [], () => [])
    return { value: (value?.value ?? (raw?.versions[0]?.text === undefined ? {} : decode(raw.versions[0].text))) as Fields, conflicts }
  }

  /** Writes what the change makes of the value that is shown to somebody who knows so much. Returns what the writer knows then. */
  write(replica: string, known: Known, change: Change, at: number): Known {
    const raw = this.raw(known)
    const value = changed(this.shown(known).value, change)
    const present = (): RawDoc | undefined => raw
    if (raw !== undefined) this.#merger.noteContext('notes', 'n', raw)
    const request = { collection: 'notes', id: 'n', value, version: 1, context: raw?.context, present, maximumBytes: Infinity }
    const { text, references } = this.#merger.encode(request)
    const counter = (this.#counters.get(replica) ?? 0) + 1
    this.#counters.set(replica, counter)
    const dot = `${replica}:${String(counter)}`
    const ended = new Set<string>()
    for (const field of ['title', 'body'] as const) {
      const isSet = change.kind === 'set' && change.field === field && this.shown(known).value[field] !== change.value
      const live = this.liveSets(known, field)
      // Who leaves a field in conflict as it is shown decides for that.
      const shown = this.shown(known).value[field]
      const same = live.filter(write => valueOf(write) === shown)
      for (const write of live) if (isSet || !same.includes(write)) ended.add(`${field} ${write.dot}`)
      if (isSet) ended.add(`sets ${field}`)
    }
    // Who adds what is there has added nothing.
    const isNothing = change.kind === 'insert' && this.elements(known).includes(change.element)
    const done: Change = isNothing ? { kind: 'add', amount: 0 } : change
    const before = Array.from((this.shown(known).value.text ?? '') as string)
    const removed = change.kind === 'type' ? before.slice(change.at, change.at + change.remove) : []
    this.writes.set(dot, { dot, at, seen: new Set(known), text, references, change: done, ended, removed })
    return new Set([...known, dot])
  }

  /** The writes that have set a field, and that nobody known has put an end to. */
  liveSets(known: Known, field: 'title' | 'body'): readonly ModelWrite[] {
    const all = [...known].map(dot => this.writes.get(dot)).filter(write => write !== undefined)
    const sets = all.filter(write => write.ended.has(`sets ${field}`))
    return sets.filter(write => !all.some(other => other.ended.has(`${field} ${write.dot}`)))
  }

  /** The characters that were inserted, and that nobody who had seen them has removed. */
  characters(known: Known): readonly string[] {
    const all = [...known].map(dot => this.writes.get(dot)).filter(write => write !== undefined)
    const removed = new Set(all.flatMap(({ removed: gone }) => gone))
    const inserted = all.flatMap(({ change }) => (change.kind === 'type' ? Array.from(change.insert) : []))
    return inserted.filter(character => !removed.has(character)).sort()
  }

  /** The writes that have changed the text. */
  typed(known: Known): string {
    return [...known].filter(dot => this.writes.get(dot)?.change.kind === 'type').sort().join(' ')
  }

  count(known: Known): number {
    const amounts = [...known].map(dot => this.writes.get(dot)?.change)
    return amounts.reduce((sum, change) => sum + (change?.kind === 'add' ? change.amount : 0), 0)
  }

  elements(known: Known): readonly string[] {
    const all = [...known].map(dot => this.writes.get(dot)).filter(write => write !== undefined)
    const isRemoved = (added: ModelWrite, element: string): boolean => {
      return all.some(({ change, seen }) => change.kind === 'remove' && change.element === element && seen.has(added.dot))
    }
    const added = all.filter(write => write.change.kind === 'insert' && !isRemoved(write, write.change.element))
    return [...new Set(added.map(({ change }) => (change as { element: string }).element))].sort()
  }

  // A dot beside the vector where an earlier write of the same replica is not known.
  #contextOf(known: Known): string {
    const dots = [...known].sort()
    const hasGap = (dot: string): boolean => {
      const [replica = '', counter] = dot.split(':')
      return Array.from({ length: Number(counter) - 1 }, (_, index) => `${replica}:${String(index + 1)}`).some(other => !known.has(other))
    }
    return dots.map(dot => (hasGap(dot) ? `+${dot}` : dot)).join(' ')
  }
}

export function valueOf({ change }: { readonly change: Change }): unknown {
  return change.kind === 'set' ? change.value : undefined
}

function changed(value: Fields, change: Change): Fields {
  const { n = 0, tags = [], text = '', ...others } = value as { n?: number; tags?: readonly string[]; text?: string } & Fields
  const rest = { ...others, text }
  switch (change.kind) {
    case 'set':
      if (change.value === undefined) return Object.fromEntries(Object.entries({ ...rest, n, tags }).filter(([name]) => name !== change.field))
      return { ...rest, n, tags, [change.field]: change.value }
    case 'add':
      return { ...rest, n: n + change.amount, tags }
    case 'insert':
      return { ...rest, n, tags: [...tags, change.element] }
    case 'remove':
      return { ...rest, n, tags: tags.filter(tag => tag !== change.element) }
    case 'type': {
      const characters: string[] = Array.from(text)
      characters.splice(change.at, change.remove, ...Array.from(change.insert))
      return { ...rest, n, tags, text: characters.join('') }
    }
  }
}
