// One tab with the demo app: runs functions in its page, waits for what it shows, watches its smoothness.

import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { screenshotFolder } from './environment.mjs'
import { countOfAll, holdsTheSync, linesOfAll, stateOfAll } from './in-page.mjs'
import { until } from './wait.mjs'

const waitTimeoutMs = 60_000
const pollMs = 15
const pieceSize = 250

export class Tab {
  #said = []

  constructor(profile, page) {
    this.profile = profile
    this.page = page
    page.setDefaultTimeout(waitTimeoutMs)
    page.on('pageerror', (error) => this.#said.push(error.stack ?? error.message))
  }

  /** What went wrong in the page without being caught. */
  get errors() {
    return [...this.#said]
  }

  async load({ timeoutMs = waitTimeoutMs } = {}) {
    await this.page.goto(this.profile.address, { timeout: timeoutMs })
    await this.untilReady(timeoutMs)
  }

  async reload() {
    await this.page.reload()
    await this.untilReady()
  }

  async untilReady(timeoutMs = waitTimeoutMs) {
    await this.until('the app has started', () => window.fieldNotes !== undefined, undefined, timeoutMs)
  }

  /** Runs the function in the page. It sees nothing of this process but its argument. */
  run(work, argument) {
    return this.page.evaluate(work, argument)
  }

  /** Runs the function for one piece of the list after the other: handing over a long list would keep the page busy. */
  async runInPieces(work, list) {
    for (let at = 0; at < list.length; at += pieceSize) await this.run(work, list.slice(at, at + pieceSize))
  }

  /** Waits until the function gives something true in the page, and gives that. */
  async until(what, ask, argument, timeoutMs = waitTimeoutMs) {
    try {
      const answer = await this.page.waitForFunction(ask, argument, { polling: pollMs, timeout: timeoutMs })
      return await answer.jsonValue()
    } catch (error) {
      const status = await this.status().catch(() => undefined)
      const said = this.#said.join('\n')
      const seen = `${this.profile.name}: ${what}: not within ${timeoutMs} ms; sync: ${JSON.stringify(status)} ${said}`
      throw new Error(seen, { cause: error })
    }
  }

  /** The state of the sync, with its figures. */
  status() {
    return this.run(() => window.fieldNotes.sync())
  }

  /** Waits until the sync is in that state. */
  untilSync(state, timeoutMs) {
    return this.until(`the sync is ${state}`, (wanted) => window.fieldNotes.sync().state === wanted, state, timeoutMs)
  }

  /**
   * Waits until everything written here is acknowledged and everything at the relay is here. While the app pauses before
   * it tries to connect again, someone looks at the page, as people do: then it tries at once.
   */
  async untilSettled(timeoutMs = waitTimeoutMs) {
    await until(`${this.profile.name}: the sync has settled`, async () => {
      const { state, unsent } = await this.status()
      if (state === 'waiting') await this.lookAgain()
      return state === 'live' && unsent === 0
    }, timeoutMs)
  }

  /** Tells the page that it is looked at again. */
  async lookAgain() {
    await this.run(() => document.dispatchEvent(new Event('visibilitychange')))
  }

  /** Waits until this replica has seen all that the other tab's has, and nothing is unsent. */
  async untilLevelWith(other, timeoutMs = waitTimeoutMs) {
    await this.untilSettled(timeoutMs)
    const token = await other.run(() => window.fieldNotes.db.token())
    await this.run(
      ([seen, limit]) => window.fieldNotes.db.until(seen, { signal: AbortSignal.timeout(limit) }),
      [token, timeoutMs],
    )
  }

  /** Everything that the database shows: `count`, `conflicts`, `unsent`, and a digest over all records and versions. */
  async view() {
    const [state, lines] = [await this.run(stateOfAll), await this.run(linesOfAll)]
    return { ...state, lines, digest: createHash('sha256').update(lines.join('\n')).digest('hex') }
  }

  count() {
    return this.run(countOfAll)
  }

  /** Whether this tab holds the network sync for its profile. */
  holdsTheSync() {
    return this.run(holdsTheSync)
  }

  async shot(name) {
    const folder = screenshotFolder()
    if (folder !== undefined) await this.page.screenshot({ path: join(folder, `${name}.png`) })
  }

  close() {
    return this.page.close()
  }
}
