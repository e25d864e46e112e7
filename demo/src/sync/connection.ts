// The running sync: started from the settings, started anew when they change. Its state is the database's own word for
// it; nothing here guesses.
import { effect, signal } from '@preact/signals'
import type { Database, Sync, SyncOptions, SyncStatus } from 'eyot'
import type { Settings } from '../app/settings.ts'
import { syncUrl } from './relay-url.ts'

const off: SyncStatus = {
  state: 'off',
  unsent: 0,
  received: 0,
  expected: 0,
  lastHeardAt: undefined,
  bytesIn: 0,
  bytesOut: 0,
  roundTrips: 0,
}

export class Connection {
  readonly status = signal<SyncStatus>(off)
  readonly #db: Pick<Database, 'sync'>
  readonly #settings: Settings

  constructor(db: Pick<Database, 'sync'>, settings: Settings) {
    this.#db = db
    this.#settings = settings
  }

  /** Follows the settings until the returned function is called. */
  start(): () => void {
    return effect(() => {
      const { relay, token, syncs } = this.#settings
      if (syncs.value === 'on') return this.#run(syncUrl(relay.value, location.href), token.value)
      this.#turnOff()
      return undefined
    })
  }

  #run(url: string, token: string): () => void {
    const options: SyncOptions = token === '' ? {} : { token: () => token }
    const sync: Sync = this.#db.sync(url, options)
    const unsubscribe = sync.status.subscribe((status) => {
      this.status.value = status
    })
    return () => {
      unsubscribe()
      sync.stop()
    }
  }

  #turnOff(): void {
    this.status.value = { ...off, unsent: this.status.peek().unsent }
  }
}
