// The history of conflicts: looks at records when they change, and remembers when versions have met and how that ended. Must not
// know how conflicts are merged, nor how they are kept.

import { partsOf } from '../internals.js'
import { LiveValue } from '../live-value.js'
import { show } from '../names.js'
import { checkOptions } from '../options.js'
import { report } from '../report.js'
import { AWAY } from '../store.js'
import type { ChangeCause } from '../types/collection.js'
import type { ConflictEntry, ConflictHistory, ConflictHistoryOptions, ConflictHistoryQuery, ConflictVersion } from '../types/conflict-history.js'
import type { CollectionDefinitions, Database } from '../types/database.js'
import type { DeletedDoc, Doc, Sibling } from '../types/doc.js'
import { after, type Episode, type Sight } from './episode.js'
import { Episodes } from './episodes.js'
import { historyPlace } from './place.js'

const DAY_MS = 86_400_000
const DEFAULT_KEEP_MS = 90 * DAY_MS
const DEFAULT_LIMIT = 1_000
const RECENT = 100
// With more changes at once than this, asking for all conflicts is cheaper than looking at each changed record.
const LOOK_AT_EACH = 64

/**
 * Remembers the conflicts of the database on this device from now on: which versions met, what was shown, and how it ended. They
 * are kept on disk, for all tabs, until they are too old or too many, or the database is destroyed. What stands already when it
 * begins is remembered from then on. Costs an application nothing that does not import it.
 *
 * @example
 * ```ts
 * const history = await conflictHistory(db, { keepForMs: 30 * 86_400_000 })
 * const [latest] = await history.list({ collection: 'notes', id: 'n1' })
 * show(latest?.versions.map(({ value, replica, at }) => [value, replica, at]), latest?.ended?.by)
 * ```
 */
export async function conflictHistory<Definitions extends CollectionDefinitions>(
  db: Database<Definitions>,
  options: ConflictHistoryOptions = {},
): Promise<ConflictHistory> {
  checkOptions(options, ['keepForMs', 'limit'])
  const { keepForMs = DEFAULT_KEEP_MS, limit = DEFAULT_LIMIT } = options
  if (!(keepForMs >= 0)) throw new TypeError(`keepForMs must be 0 or more, not ${show(keepForMs)}`)
  if (!(limit >= 1)) throw new TypeError(`limit must be 1 or more, not ${show(limit)}`)
  const place = historyPlace(db.name, partsOf(db).profile)
  const history = new History(db, { episodes: await Episodes.open(place), place, keepForMs, limit })
  await history.begin()
  return history
}

interface Settings {
  readonly episodes: Episodes
  readonly place: string
  readonly keepForMs: number
  readonly limit: number
}

type Key = readonly [collection: string, id: string]

interface Look {
  readonly key: Key
  readonly cause: ChangeCause | undefined
  /** What was there to see at once: it may have ended when there is time to note it. */
  readonly sights: readonly Sight[]
}

class History implements ConflictHistory {
  readonly recent = new LiveValue<readonly ConflictEntry[]>(Object.freeze([]))
  readonly #db: Database
  readonly #settings: Settings
  readonly #others: BroadcastChannel
  readonly #ends: (() => void)[] = []
  /** Records to look at, and why they changed last. */
  readonly #changed = new Map<string, Look>()
  /** The records whose versions stand beside each other, as far as is noted. */
  readonly #standing = new Map<string, Key>()
  /** Writes that have no final names yet. */
  readonly #writing = new Set<Promise<unknown>>()
  #noting: Promise<void> = Promise.resolve()
  #scheduled = false
  #ended = false

  constructor(db: Database, settings: Settings) {
    this.#db = db
    this.#settings = settings
    this.#others = new BroadcastChannel(settings.place)
    this.#others.onmessage = () => { void this.#refresh().catch(report) }
  }

  /** Notes what has begun and ended while nobody looked, and goes on from there. */
  async begin(): Promise<void> {
    const { hub, store, writer } = partsOf(this.#db)
    this.#ends.push(writer.watch(() => durable => {
      const done: Promise<unknown> = durable.catch(() => undefined)
      this.#writing.add(done)
      void done.then(() => this.#writing.delete(done))
    }))
    this.#ends.push(hub.watch(undefined, {
      changed: (collection, ids, cause) => { this.#note(collection, ids, cause) },
      closed: () => { this.end() },
    }))
    const known = await this.#settings.episodes.all()
    for (const { collection, id, standing } of known) if (standing) this.#look([collection, id], undefined)
    for (const key of store.conflicts()) this.#look(key, undefined)
    await this.noted()
    await this.#forget()
    await this.#refresh()
  }

  async list(query: ConflictHistoryQuery = {}): Promise<readonly ConflictEntry[]> {
    checkOptions(query, ['collection', 'id', 'since', 'limit'])
    const { collection, id, since = -Infinity, limit = RECENT } = query
    const all = await this.#settings.episodes.all()
    // What has grown too old is forgotten when the next one is noted, and not shown until then.
    const found = all.filter(entry => {
      if (!this.#isKept(entry)) return false
      return (collection ?? entry.collection) === entry.collection && (id ?? entry.id) === entry.id && entry.arosAt >= since
    })
    return Object.freeze(found.slice(0, limit).map(toEntry))
  }

  async noted(): Promise<void> {
    if (this.#changed.size > 0 && !this.#scheduled) this.#schedule()
    for (let last: Promise<void> | undefined; last !== this.#noting; ) {
      last = this.#noting
      await last
    }
  }

  async clear(): Promise<void> {
    await this.noted()
    await this.#settings.episodes.keep(({ standing, ended }) => standing || ended === undefined)
    await this.#tell()
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    for (const end of this.#ends) end()
    void this.#noting.finally(() => {
      this.#others.close()
      this.#settings.episodes.close()
      this.recent.finish(this.recent.snapshot())
    })
  }

  #note(collection: string, ids: readonly string[], cause: ChangeCause): void {
    if (cause === 'saved') return
    if (ids.length <= LOOK_AT_EACH) {
      for (const id of ids) if (this.#concerns([collection, id])) this.#look([collection, id], cause)
    } else {
      const changed = new Set(ids)
      const keys = [...partsOf(this.#db).store.conflicts(), ...this.#standing.values()]
      for (const key of keys) if (key[0] === collection && changed.has(key[1])) this.#look(key, cause)
    }
    if (this.#changed.size > 0) this.#schedule()
  }

  #concerns(key: Key): boolean {
    if (this.#standing.has(nameOf(key)) || this.#changed.has(nameOf(key))) return true
    const raw = partsOf(this.#db).store.raw(...key)
    return raw === AWAY || (raw?.versions.length ?? 0) > 1
  }

  #look(key: Key, cause: ChangeCause | undefined): void {
    const { sights = [] } = this.#changed.get(nameOf(key)) ?? {}
    // What is not on disk may yet fail, and its writes get other names.
    const isFinal = cause !== 'local' && this.#writing.size === 0
    const sight = isFinal ? this.#see(key, cause) : AWAY
    const isConflict = sight !== AWAY && sight.versions.length > 1
    this.#changed.set(nameOf(key), { key, cause, sights: isConflict ? [...sights, sight] : sights })
  }

  #schedule(): void {
    if (this.#scheduled || this.#ended) return
    this.#scheduled = true
    this.#noting = this.#noting.then(() => this.#noteAll()).catch(report)
  }

  async #noteAll(): Promise<void> {
    await Promise.all(this.#writing)
    this.#scheduled = false
    const changed = [...this.#changed.values()]
    this.#changed.clear()
    let isChanged = false
    for (const look of changed) isChanged = (await this.#noteOne(look)) || isChanged
    if (!isChanged) return
    await this.#forget()
    await this.#tell()
  }

  async #noteOne({ key, cause, sights }: Look): Promise<boolean> {
    const { store } = partsOf(this.#db)
    let sight = this.#see(key, cause)
    while (sight === AWAY) {
      await store.fetch(...key)
      sight = this.#see(key, cause)
    }
    if (sight.versions.length > 1) this.#standing.set(nameOf(key), key)
    else this.#standing.delete(nameOf(key))
    let isChanged = false
    for (const next of [...sights, sight]) {
      isChanged = (await this.#settings.episodes.change(...key, last => after(last, next))) || isChanged
    }
    return isChanged
  }

  #see([collection, id]: Key, cause: ChangeCause | undefined): Sight | typeof AWAY {
    const { store } = partsOf(this.#db)
    const raw = store.raw(collection, id)
    if (raw === AWAY) return AWAY
    const doc = raw === undefined ? undefined : store.make(collection, id, raw)
    const versions = doc === undefined ? [] : doc.siblings.map(toVersion)
    return {
      collection,
      id,
      at: Date.now(),
      versions,
      policy: store.merger.kindOf(collection),
      shown: valueOf(doc),
      fields: doc?.conflicts ?? [],
      conflicted: doc?.conflicted === true,
      here: isFromHere(cause, versions[0]?.replica, store.replica()),
    }
  }

  #forget(): Promise<void> {
    const { episodes, limit } = this.#settings
    return episodes.keep((episode, later) => later < limit && this.#isKept(episode))
  }

  #isKept({ standing, arosAt }: Pick<Episode, 'standing' | 'arosAt'>): boolean {
    return standing || arosAt >= Date.now() - this.#settings.keepForMs
  }

  async #tell(): Promise<void> {
    if (!this.#ended) this.#others.postMessage('changed')
    await this.#refresh()
  }

  async #refresh(): Promise<void> {
    if (!this.#ended) this.recent.set(await this.list({ limit: RECENT }))
  }
}

function nameOf([collection, id]: Key): string {
  return `${collection}/${id}`
}

function toEntry({ standing: _, ...entry }: Episode): ConflictEntry {
  return Object.freeze(entry)
}

function toVersion(sibling: Sibling<unknown>): ConflictVersion {
  const { deleted, replica, at, version } = sibling
  return { deleted, value: valueOf(sibling), replica, at, version }
}

function valueOf(shown: Doc<unknown> | DeletedDoc<unknown> | Sibling<unknown> | undefined): unknown {
  try {
    return shown?.value
  } catch {
    // It cannot be read; that it was there is remembered.
    return undefined
  }
}

/** Whether the change was made on this device. What another tab has brought may have come from anywhere: its writer tells. */
function isFromHere(cause: ChangeCause | undefined, writer: string | undefined, own: string): boolean | undefined {
  if (cause === 'local' || cause === 'remote') return cause === 'local'
  const isNews = cause !== undefined && cause !== 'load'
  return isNews && writer !== undefined ? writer === own : undefined
}
