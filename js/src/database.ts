// An open database: puts its parts together and tells them what the engine tells. Must not know what any of them does.

import { BatchWrites } from './batch.js'
import { ChangeFeed } from './change-feed.js'
import { RecordCollection, type Parts } from './collection.js'
import { Connection } from './connection.js'
import { UNDECLARED, type CollectionSettings } from './definition.js'
import { EyotError } from './errors.js'
import { Hub } from './hub.js'
import { keepParts } from './internals.js'
import { JoinedPeer } from './joined-peer.js'
import { LiveConflicts } from './live-conflicts.js'
import { LiveNotices } from './live-notices.js'
import { LiveValue } from './live-value.js'
import { checkName, show } from './names.js'
import { checkOptions } from './options.js'
import { Merger } from './merge/merger.js'
import { report } from './report.js'
import type { RawHealth, Shell, ShellEvent } from './shell.js'
import { Store } from './store.js'
import { RelaySync } from './sync.js'
import type { Batch, Conflict, Database, Health, Sync, SyncOptions, WaitOptions } from './types/database.js'
import type { ChangesListener } from './types/change.js'
import type { Live, Unsubscribe } from './types/live.js'
import type { JoinOptions, Peer } from './types/peer.js'
import { finished } from './update.js'
import { unlessAborted } from './waiting.js'
import { Writer } from './writes.js'

/** What a database keeps of the options that it was opened with. */
export interface DatabaseSettings {
  /** The collections by name; `undefined` for any. */
  readonly declared: ReadonlyMap<string, CollectionSettings> | undefined
  /** The largest encoded value of a record. */
  readonly maximumBytes: number
  /** Whose copy of the database it is. */
  readonly profile?: string | undefined
}

/** See the public type. */
export class OpenDatabase implements Database {
  readonly name: string
  readonly health: LiveValue<Health>
  readonly notices = new LiveNotices()
  readonly closed: Promise<string>
  readonly #parts: Parts
  readonly #collections = new Map<string, RecordCollection>()
  readonly #declared: DatabaseSettings['declared']
  #conflicts: Live<readonly Conflict[]> | undefined
  #changes: ChangeFeed | undefined
  #sync: RelaySync | undefined
  readonly #peers = new Map<number, JoinedPeer>()
  #closing: Promise<void> | undefined
  #resolveClosed: (reason: string) => void = () => undefined

  constructor(name: string, shell: Shell, { declared, maximumBytes, profile }: DatabaseSettings) {
    const connection = new Connection(shell)
    const merger = new Merger(collection => declared?.get(collection))
    const store = new Store(connection, merger, collection => declared?.get(collection)?.shape)
    this.name = name
    this.#parts = { connection, store, hub: new Hub(), writer: new Writer(connection, store), maximumBytes, profile }
    this.#declared = declared
    keepParts(this, this.#parts)
    this.health = new LiveValue(makeHealth(connection.ask(open => open.health())))
    this.closed = new Promise(resolve => {
      this.#resolveClosed = resolve
    })
  }

  // The public type infers the value's type from the definitions; here it is unknown.
  collection(name: string): never {
    this.#checkCollection(name)
    let collection = this.#collections.get(name)
    if (collection === undefined) {
      collection = new RecordCollection(name, this.#parts, this.#declared?.get(name) ?? UNDECLARED)
      this.#collections.set(name, collection)
    }
    return collection as never
  }

  async batch<Result>(work: (tx: Batch) => Result): Promise<Result> {
    if (typeof work !== 'function') throw new TypeError('a batch needs a function')
    const { store, writer, maximumBytes } = this.#parts
    // What was loaded for it is held until it is through, so that every turn comes further than the one before.
    const loaded: unknown[] = []
    for (;;) {
      const batch = new BatchWrites(store, maximumBytes, name => this.#declared?.get(name)?.shape)
      const tx = batch.collections(name => { this.#checkCollection(name) }) as Batch
      try {
        const result = finished('the function of a batch', work(tx))
        const writes = batch.end()
        if (batch.missing === undefined) {
          if (writes.length > 0) await writer.writeAll(writes)
          return result
        }
      } catch (error) {
        if (batch.missing === undefined) throw error
      } finally {
        batch.end()
      }
      loaded.push(await store.load(...batch.missing))
    }
  }

  conflicts(): Live<readonly Conflict[]> {
    const { store, hub } = this.#parts
    const describe: (collection: string, doc: Conflict['doc']) => Conflict = (collection, doc) =>
      Object.freeze({ collection, id: doc.id, doc })
    this.#conflicts ??= new LiveConflicts({ store, hub, describe })
    return this.#conflicts
  }

  changes(listener: ChangesListener): Unsubscribe {
    if (this.#declared === undefined) throw new TypeError('the changes of which collections? name them in open(), or use collection.changes()')
    const { connection, store, hub } = this.#parts
    this.#changes ??= new ChangeFeed({ connection, store, hub, collections: [...this.#declared.keys()] })
    return this.#changes.subscribe(listener)
  }

  sync(url: string | URL, options?: SyncOptions): Sync {
    if (this.#sync?.isRunning === true) {
      throw new EyotError('sync-already-started', 'a database syncs with one relay at a time: stop the other one first')
    }
    this.#sync = new RelaySync(this.#parts.connection, url, options)
    return this.#sync
  }

  join(channel: unknown, options: JoinOptions): Peer {
    const peer = new JoinedPeer(this.#parts.connection, channel, options)
    this.#peers.set(peer.link, peer)
    return peer
  }

  async saved(options?: WaitOptions): Promise<void> {
    checkOptions(options, ['signal'])
    return unlessAborted(this.#parts.connection.wait(shell => shell.saved()), options?.signal)
  }

  token(): string {
    return this.#parts.connection.ask(shell => shell.token())
  }

  async until(token: string, options?: WaitOptions): Promise<void> {
    if (typeof token !== 'string') throw new TypeError(`token must be a string, not ${show(token)}`)
    checkOptions(options, ['signal'])
    return unlessAborted(this.#parts.connection.wait(shell => shell.until(token)), options?.signal)
  }

  async export(): Promise<Uint8Array> {
    return this.#parts.connection.wait(shell => shell.exportAll())
  }

  async import(bytes: Uint8Array): Promise<number> {
    if (!(bytes instanceof Uint8Array)) throw new TypeError(`bytes must be a Uint8Array, not ${show(bytes)}`)
    return this.#parts.connection.wait(shell => shell.importAll(bytes))
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** What the engine tells. Never throws: the engine could do nothing about it. */
  readonly tell = (event: ShellEvent): void => {
    try {
      this.#tell(event)
    } catch (error) {
      report(error)
    }
  }

  #tellChanged({ collection, ids, cause }: ShellEvent & { readonly kind: 'changed' }): void {
    const { store, hub } = this.#parts
    if (!store.holds(collection) && !hub.watches(collection)) return
    const changed = typeof ids === 'string' ? (JSON.parse(ids) as string[]) : ids
    store.noteChanged(collection, changed)
    hub.changed(collection, changed, cause)
  }

  #tell(event: ShellEvent): void {
    switch (event.kind) {
      case 'changed':
        this.#tellChanged(event)
        return
      case 'sync':
        this.#sync?.tell(event.status)
        return
      case 'peer':
        this.#peers.get(event.link)?.tell(event.status)
        return
      case 'peer-left':
        this.#leave(event.link, event.code, event.message)
        return
      case 'health':
        this.health.set(makeHealth(event.health))
        return
      case 'notice':
        this.notices.add(event)
        return
      case 'closed':
        if (this.#closing === undefined) this.#end(event.code)
    }
  }

  async #close(): Promise<void> {
    if (!this.#parts.connection.isOpen) return
    this.#sync?.stop()
    // Asked before the parts end, so that nothing comes between the last write and this.
    const done = this.#parts.connection.wait(shell => shell.close())
    this.#endParts('closed')
    await done
    this.#resolveClosed('closed')
  }

  #end(reason: string): void {
    this.#endParts(reason)
    this.#resolveClosed(reason)
  }

  #endParts(reason: string): void {
    if (!this.#parts.connection.isOpen) return
    this.#parts.hub.close()
    this.health.finish(this.health.snapshot())
    this.notices.finish()
    this.#parts.connection.refuse(reason)
    for (const link of this.#peers.keys()) this.#leave(link, 'closed', `the database is closed (${reason})`)
    this.#sync?.stop()
  }

  #leave(link: number, code: string, message: string): void {
    this.#peers.get(link)?.end(code, message)
    this.#peers.delete(link)
  }

  #checkCollection(name: string): void {
    checkName('the name of a collection', name)
    if (this.#declared === undefined || this.#declared.has(name)) return
    throw new TypeError(`there is no collection ${show(name)}: open() was given ${[...this.#declared.keys()].join(', ') || 'none'}`)
  }
}

function makeHealth(raw: RawHealth): Health {
  return Object.freeze({ ...raw })
}
