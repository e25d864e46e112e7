// Hands writes to the engine. Must not know what they are for.

import type { Connection } from './connection.js'
import { checkOptions } from './options.js'
import { PackedDocs, packWrites, type Write } from './packing.js'
import type { RawDoc } from './shell.js'
import { AWAY, type Store } from './store.js'
import type { DeletedDoc, Doc } from './types/doc.js'
import type { Unsubscribe } from './types/live.js'

/** What became of a write: the record as its writer has seen it; `undefined` when there was nothing to delete. */
export type Written = Doc<unknown> | DeletedDoc<unknown> | undefined

/** Is told of writes before they are made. Gives what is to be called when they are visible, with what makes them durable. */
export type WriteWatcher = (writes: readonly Write[]) => ((durable: Promise<unknown>) => void) | undefined

/** Writes: visible at once, durable when the promise resolves. */
export class Writer {
  readonly #connection: Connection
  readonly #store: Store
  readonly #watchers = new Set<WriteWatcher>()

  constructor(connection: Connection, store: Store) {
    this.#connection = connection
    this.#store = store
  }

  /** Has all writes told, from now on. */
  watch(watcher: WriteWatcher): Unsubscribe {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** All or nothing. */
  async writeAll(writes: readonly Write[]): Promise<void> {
    await this.#write(writes, false)
  }

  /** Resolves with what became of it. */
  async write(write: Write): Promise<Written> {
    const packed = await this.#write([write], true)
    const raw = (packed === undefined ? undefined : new PackedDocs(packed).doc()) ?? asWritten(write)
    if (raw === undefined) return undefined
    // The context is of this writer, who has not seen what else stands there by now.
    const own = raw.versions.find(version => version.text === write.text)
    return this.#store.make(write.collection, write.id, raw, own && { ...raw, versions: [own] })
  }

  async #write(writes: readonly Write[], answered: boolean): Promise<string | undefined> {
    const packed = packWrites(writes)
    const told = [...this.#watchers].map(watcher => watcher(writes))
    const durable = this.#connection.wait(shell => shell.write(packed, answered))
    // What is visible is read anew, whether or not the engine has told the watchers yet.
    this.#noteChanged(writes)
    for (const visible of told) visible?.(durable)
    try {
      return await durable
    } catch (error) {
      this.#noteChanged(writes)
      throw error
    }
  }

  #noteChanged(writes: readonly Write[]): void {
    for (const { collection, id } of writes) {
      if (this.#store.holds(collection)) this.#store.noteChanged(collection, [id])
    }
  }
}

/**
 * The record as it was written, for an edit of which nothing is left: something deleted the record before the edit was on
 * disk. The empty context accounts for nothing, so that a next write with it replaces nothing that was not seen.
 */
function asWritten({ text }: Write): RawDoc | undefined {
  if (text === undefined) return undefined
  const version = { text, at: Date.now(), replica: '', dots: [], references: [], seen: undefined }
  return { context: '', conflicted: false, pending: true, versions: [version] }
}

/** What the caller hands over for one write. */
export interface Given {
  readonly collection: string
  readonly id: string
  /** `undefined` deletes. */
  readonly content: { readonly value: unknown; readonly version?: number } | undefined
  readonly options: unknown
}

/**
 * What was handed over, checked, and encoded if that takes no more than so many bytes. `seen`: the context of a writer that has
 * handed over none.
 */
export function makeWrite({ collection, id, content, options }: Given, store: Store, maximumBytes: number, seen?: string): Write {
  const context = contextOf(options) ?? seen
  if (content === undefined) return { collection, id, text: undefined, context, references: [] }
  const { value, version = 1 } = content
  const present = (): RawDoc | undefined => {
    const raw = store.raw(collection, id)
    return raw === AWAY ? undefined : raw
  }
  const ready = store.merger.encode({ collection, id, value, version, context, present, maximumBytes })
  return { collection, id, ...ready }
}

/** The context that was handed over, if one was. */
export function contextOf(options: unknown): string | undefined {
  checkOptions(options, ['context'])
  const context: unknown = (options as { context?: unknown } | undefined)?.context
  if (context !== undefined && typeof context !== 'string') throw new TypeError('context must be a string')
  return context
}
