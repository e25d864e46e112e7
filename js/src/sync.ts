// A running sync with a relay: its status, and its end. Must not know how syncing is done.

import type { Connection } from './connection.js'
import { LiveValue } from './live-value.js'
import { show } from './names.js'
import { checkOptions } from './options.js'
import type { RawSyncStatus } from './shell.js'
import type { Sync, SyncOptions, SyncStatus } from './types/database.js'

/** See the public type. */
export class RelaySync implements Sync {
  readonly status: LiveValue<SyncStatus>
  readonly #connection: Connection
  #running = true

  /** Starts it. */
  constructor(connection: Connection, url: string | URL, options: SyncOptions | undefined) {
    const address = checkUrl(url)
    checkOptions(options, ['token'])
    const token = tokenSource(options?.token)
    this.#connection = connection
    connection.ask(shell => {
      shell.syncStart(address, token)
    })
    this.status = new LiveValue(makeStatus(connection.ask(shell => shell.syncStatus())))
  }

  /** Whether it has not been stopped. */
  get isRunning(): boolean {
    return this.#running
  }

  /** The engine has told of a new status. */
  tell(raw: RawSyncStatus): void {
    if (this.#running) this.status.set(makeStatus(raw))
  }

  stop(): void {
    if (!this.#running) return
    this.#running = false
    if (this.#connection.isOpen) this.#connection.ask(shell => { shell.syncStop() })
    const { error: _, ...last } = this.status.snapshot()
    this.status.finish(Object.freeze({ ...last, state: 'off' }))
  }
}

function makeStatus(raw: RawSyncStatus): SyncStatus {
  const { error, ...figures } = raw
  return Object.freeze(error === undefined ? figures : { ...figures, error: Object.freeze({ ...error }) })
}

function checkUrl(url: unknown): string {
  const text = url instanceof URL ? url.href : url
  if (typeof text !== 'string') throw new TypeError(`url must be a string or a URL, not ${show(url)}`)
  let parsed: URL
  try {
    // A page's own address is the base: '/v1/sync/notes' is the relay that serves the page.
    parsed = new URL(text, (globalThis as { location?: { href: string } }).location?.href)
  } catch (cause) {
    throw new TypeError(`url is not a URL: ${show(text)}`, { cause })
  }
  const protocol = { 'http:': 'ws:', 'https:': 'wss:', 'ws:': 'ws:', 'wss:': 'wss:' }[parsed.protocol]
  if (protocol === undefined) throw new TypeError(`url must begin with wss:, ws:, https: or http:, not ${parsed.protocol}`)
  parsed.protocol = protocol
  return parsed.href
}

function tokenSource(token: unknown): (() => Promise<string>) | undefined {
  if (token === undefined) return undefined
  if (typeof token !== 'function') throw new TypeError('token must be a function that gives the token')
  return async () => {
    const given: unknown = await (token as () => unknown)()
    if (typeof given !== 'string') throw new TypeError(`token() must give a string, not ${show(given)}`)
    return given
  }
}
