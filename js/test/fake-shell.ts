// A small engine in memory, for tests of the facade: real contexts and siblings, no storage and no network.

import type {
  Comparison,
  Engine,
  RawDoc,
  RawHealth,
  RawPage,
  RawSyncStatus,
  RawVersion,
  Shell,
  ShellEvent,
} from '../src/shell.js'
import type { Write } from '../src/packing.js'
import { packDocs, packRows, unpackWrites } from './packing.js'

type Vector = Map<string, number>

interface FakeVersion {
  readonly replica: string
  readonly counter: number
  readonly text: string | undefined
  readonly at: number
  /** What its writer had seen. */
  readonly past: Vector
  readonly references: readonly string[]
}

interface FakeRecord {
  readonly seen: Vector
  readonly versions: readonly FakeVersion[]
  readonly pending: boolean
}

const OFF: RawSyncStatus = {
  state: 'off',
  unsent: 0,
  received: 0,
  expected: 0,
  lastHeardAt: undefined,
  bytesIn: 0,
  bytesOut: 0,
  roundTrips: 0,
}

export function parse(text: string): Vector {
  const seen: Vector = new Map()
  for (const entry of text.split(' ').filter(part => part !== '')) {
    const match = /^(\w+):(\d+)$/.exec(entry)
    if (match === null) throw coded('invalid-context', `no context: ${text}`)
    seen.set(match[1] ?? '', Number(match[2]))
  }
  return seen
}

function print(seen: Vector): string {
  return [...seen]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([replica, counter]) => `${replica}:${String(counter)}`)
    .join(' ')
}

export function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

export interface FakePeer {
  readonly calls: boolean
  readonly send: (message: Uint8Array) => void
  readonly received: Uint8Array[]
}

export class FakeShell implements Shell {
  readonly records = new Map<string, FakeRecord>()
  readonly calls: string[] = []
  readonly peers: FakePeer[] = []
  status = OFF
  token_: (() => Promise<string>) | undefined
  /** Commits wait while this is set. */
  held: Promise<void> | undefined
  /** The keys of records that are not in memory until somebody fetches them. */
  readonly away = new Set<string>()
  /** The next commit fails with this. */
  failure: Error | undefined
  /** Writes resolve as if their records were gone when they are on disk. */
  gone = false
  #clock: Vector = new Map()
  #time = 1000
  #closed = false
  readonly #emit: (event: ShellEvent) => void

  constructor(emit: (event: ShellEvent) => void) {
    this.#emit = emit
  }

  emit(event: ShellEvent): void {
    this.#emit(event)
  }

  get(key: string): string | undefined {
    this.#check()
    this.calls.push(`get ${key}`)
    if (this.away.has(key)) return ''
    const doc = raw(this.records.get(key))
    return doc === undefined ? undefined : packDocs([doc])
  }

  page(collection: string, after: string | undefined, limit: number): RawPage {
    this.#check()
    this.calls.push(`page ${collection} ${after ?? ''}`)
    const all = this.#rows(collection, after, limit)
    const end = all.findIndex(([id]) => this.away.has(`${collection}/${id}`))
    const rows = end < 0 ? all : all.slice(0, end)
    return [packRows(rows), rows.at(-1)?.[0] ?? after, end >= 0 ? 'away' : rows.length < limit ? 'none' : 'here']
  }

  async fetch(key: string): Promise<void> {
    this.#check()
    this.calls.push(`fetch ${key}`)
    await new Promise(resolve => setImmediate(resolve))
    this.away.delete(key)
  }

  fetchAfter(collection: string, after: string | undefined): Promise<void> {
    const next = this.#rows(collection, after, Infinity).find(([id]) => this.away.has(`${collection}/${id}`))
    return this.fetch(`${collection}/${next?.[0] ?? ''}`)
  }

  #rows(collection: string, after: string | undefined, limit: number): [string, RawDoc][] {
    const rows: [string, RawDoc][] = []
    for (const [id, record] of this.#sorted(collection)) {
      if (after !== undefined && Buffer.compare(Buffer.from(id), Buffer.from(after)) <= 0) continue
      const doc = raw(record)
      if (doc === undefined || (doc.versions[0]?.text === undefined && !doc.conflicted)) continue
      rows.push([id, doc])
      if (rows.length === limit) break
    }
    return rows
  }

  count(collection: string): number {
    this.#check()
    return this.#rows(collection, undefined, Infinity).length
  }

  conflicts(): [string, string][] {
    this.#check()
    const keys = [...this.records].filter(([, record]) => record.versions.length > 1).map(([key]) => key)
    return keys.sort().map(key => key.split('/', 2) as [string, string])
  }

  async write(packed: Uint8Array, answered: boolean): Promise<string | undefined> {
    this.#check()
    const before = new Map(this.records)
    const results: (RawDoc | undefined)[] = []
    const changed: [string, string][] = []
    for (const write of unpackWrites(packed)) {
      results.push(this.#apply('a', write))
      changed.push([write.collection, write.id])
    }
    for (const [collection, id] of changed) this.#emit({ kind: 'changed', collection, ids: JSON.stringify([id]), cause: 'local' })
    const failure = this.failure
    this.failure = undefined
    await this.held
    if (failure === undefined) return answered ? packDocs(this.gone ? results.map(() => undefined) : results) : undefined
    for (const [collection, id] of changed) {
      const record = before.get(`${collection}/${id}`)
      if (record === undefined) this.records.delete(`${collection}/${id}`)
      else this.records.set(`${collection}/${id}`, record)
      this.#emit({ kind: 'changed', collection, ids: JSON.stringify([id]), cause: 'local' })
    }
    throw failure
  }

  /** What another replica wrote arrives. Each item is a record; all of them become visible together. */
  arrive(
    collection: string,
    items: readonly { id: string; text: string | undefined; context?: string; references?: readonly string[] }[],
    from = 'b',
  ): void {
    for (const { id, text, context, references = [] } of items) {
      this.#apply(from, { collection, id, text, context, references })
    }
    this.#emit({ kind: 'changed', collection, ids: JSON.stringify(items.map(item => item.id)), cause: 'remote' })
  }

  /** A relay has acknowledged the record. */
  acknowledge(collection: string, id: string): void {
    const record = this.records.get(`${collection}/${id}`)
    if (record !== undefined) this.records.set(`${collection}/${id}`, { ...record, pending: false })
    this.#emit({ kind: 'changed', collection, ids: JSON.stringify([id]), cause: 'saved' })
  }

  replica(): string {
    return 'a'
  }

  token(): string {
    return print(this.#clock)
  }

  async until(token: string): Promise<void> {
    parse(token)
    await this.held
  }

  async saved(): Promise<void> {
    await this.held
  }

  syncStart(url: string, token: (() => Promise<string>) | undefined): void {
    this.#check()
    this.calls.push(`sync ${url}`)
    this.token_ = token
    this.status = { ...OFF, state: 'connecting' }
  }

  syncStop(): void {
    this.calls.push('stop')
    this.status = OFF
  }

  syncStatus(): RawSyncStatus {
    return this.status
  }

  peerJoin(calls: boolean, _compresses: boolean, send: (message: Uint8Array) => void): number {
    this.#check()
    this.peers.push({ calls, send, received: [] })
    return this.peers.length - 1
  }

  peerReceived(link: number, message: Uint8Array): void {
    this.peers[link]?.received.push(message)
  }

  peerClosed(link: number, message: string): void {
    this.#emit({ kind: 'peer-left', link, code: 'connection-lost', message })
  }

  peerDismiss(link: number): void {
    this.#emit({ kind: 'peer-left', link, code: 'stopped', message: 'stopped' })
  }

  peerCaughtUp(link: number): Promise<void> {
    return this.peers[link] === undefined ? Promise.reject(coded('peer-left', 'left')) : Promise.resolve()
  }

  exportAll(): Promise<Uint8Array> {
    return Promise.resolve(Uint8Array.of(1, 2, 3))
  }

  importAll(bytes: Uint8Array): Promise<number> {
    return bytes.length === 0 ? Promise.reject(coded('invalid-export', 'empty')) : Promise.resolve(bytes.length)
  }

  health(): RawHealth {
    return { persisted: true, usage: 1, quota: 2, degraded: undefined }
  }

  async close(): Promise<void> {
    this.#check()
    await this.held
    // The writes that wait for the same thing have ended by then.
    await new Promise(resolve => setImmediate(resolve))
    this.#closed = true
  }

  #check(): void {
    if (this.#closed) throw coded('closed', 'closed')
  }

  #sorted(collection: string): [string, FakeRecord][] {
    const rows: [string, FakeRecord][] = []
    for (const [key, record] of this.records) {
      if (key.startsWith(`${collection}/`)) rows.push([key.slice(collection.length + 1), record])
    }
    return rows.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  }

  #apply(replica: string, { collection, id, text, context, references }: Write): RawDoc | undefined {
    const key = `${collection}/${id}`
    const record = this.records.get(key)
    const seen = context === undefined ? new Map(record?.seen) : parse(context)
    const counter = (this.#clock.get(replica) ?? 0) + 1
    this.#clock.set(replica, counter)
    this.#time += 1
    const dot = `${replica}:${String(counter)}`
    const past = new Map(seen)
    const named = references.map(reference => (covers(past, reference) ? reference : dot))
    const version = { replica, counter, text, at: this.#time, past, references: text === undefined ? [] : named }
    const others = record?.versions.filter(other => other.counter > (seen.get(other.replica) ?? 0)) ?? []
    if (text === undefined && record === undefined) return undefined
    const joined: Vector = new Map(record?.seen)
    for (const [name, count] of [...seen, [replica, counter] as const]) {
      joined.set(name, Math.max(joined.get(name) ?? 0, count))
    }
    this.records.set(key, { seen: joined, versions: [...others, version], pending: replica === 'a' })
    seen.set(replica, counter)
    const doc = raw(this.records.get(key))
    return doc === undefined ? undefined : { ...doc, context: print(seen) }
  }
}

function raw(record: FakeRecord | undefined): RawDoc | undefined {
  if (record === undefined) return undefined
  const rank = (version: FakeVersion): number => (version.text === undefined ? 0 : 1e12) + version.at
  const sorted = [...record.versions].sort((left, right) => rank(right) - rank(left))
  const seenBy = (reference: string): number[] => [...sorted.keys()].filter(place => covers(sorted[place]?.past, reference))
  const versions: RawVersion[] = sorted.map(({ replica, counter, text, at, references }) => {
    const seen = sorted.length > 1 && references.length > 0 ? references.map(seenBy) : undefined
    return { text, at, replica, dots: [`${replica}:${String(counter)}`], references, seen }
  })
  return { context: print(record.seen), conflicted: versions.length > 1, pending: record.pending, versions }
}

function covers(past: Vector | undefined, dot: string): boolean {
  const [replica = '', counter] = dot.split(':')
  return Number(counter) <= (past?.get(replica) ?? 0)
}

/** An engine that opens such shells and remembers the last one. */
export class FakeEngine implements Engine {
  shell: FakeShell | undefined

  open(_name: string, _options: object, onEvent: (event: ShellEvent) => void): Promise<Shell> {
    this.shell = new FakeShell(onEvent)
    return Promise.resolve(this.shell)
  }

  destroy(): Promise<void> {
    return Promise.resolve()
  }

  compare(local: string, incoming: string): Comparison {
    return local === incoming ? 'equal' : 'conflict'
  }
}
