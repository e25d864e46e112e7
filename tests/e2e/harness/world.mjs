// Everything that one test starts, in a fresh folder, and the end of all of it. Knows nothing of what a test claims.

import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { barePageFolder, packageFolder } from './environment.mjs'
import { Profile } from './profile.mjs'
import { Proxy } from './proxy.mjs'
import { Relay } from './relay.mjs'

// Far longer than any test takes: it is there to end what hangs, also on a machine that is busy with other things.
const testTimeoutMs = 180_000

export class World {
  #folder
  #relays = []
  #profiles = []
  #proxies = []

  /** A relay that runs. Its page is the demo, if nothing else is said. */
  async relay(options = {}) {
    const folder = await this.#newFolder(`relay-${this.#relays.length}`)
    const relay = await Relay.make({ ...options, folder })
    this.#relays.push(relay)
    running.add(relay)
    return relay.start()
  }

  /** A folder with the bare page and the package, for a relay to serve. */
  async barePage() {
    const folder = await this.#newFolder('page')
    await cp(barePageFolder, folder, { recursive: true })
    await cp(packageFolder(), join(folder, 'eyot'), { recursive: true })
    return folder
  }

  /** A profile for pages from that address. Its browser starts when its first tab is opened. */
  async profile(name, address, settings) {
    const profile = new Profile({ name, address, settings, folder: await this.#newFolder(`profile-${name}`) })
    this.#profiles.push(profile)
    return profile
  }

  /** A profile with all that the other one has in it now. */
  async copyOf(profile, name) {
    const copy = await this.profile(name, profile.address)
    await profile.copyTo(copy.folder)
    return copy
  }

  /** A network of its own between pages and the relay. */
  async proxy(relay) {
    const proxy = await Proxy.start(relay.port)
    this.#proxies.push(proxy)
    return proxy
  }

  /** Ends and deletes everything, whatever state it is in. */
  async end() {
    const ends = [...this.#profiles.map((one) => one.close()), ...this.#proxies.map((one) => one.close())]
    const results = await Promise.allSettled(ends.concat(this.#relays.map((one) => one.kill())))
    for (const relay of this.#relays) running.delete(relay)
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    const failed = results.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  /** What the relays have logged, for the report of a failure. */
  get logs() {
    return this.#relays.map((relay) => relay.log).join('\n')
  }

  async #newFolder(name) {
    this.#folder ??= await mkdtemp(join(tmpdir(), 'eyot-end-to-end-'))
    const folder = join(this.#folder, name)
    await mkdir(folder)
    return folder
  }
}

/** A test with a world of its own. Browsers end by themselves when this process does; relays are ended here. */
export function claim(name, work, timeoutMs = testTimeoutMs) {
  test(name, { timeout: timeoutMs }, async (t) => {
    const world = new World()
    t.after(() => world.end())
    try {
      await work(world, t)
    } catch (error) {
      t.diagnostic(world.logs)
      throw error
    }
  })
}

const running = new Set()
process.once('exit', () => {
  for (const relay of running) void relay.kill()
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))
