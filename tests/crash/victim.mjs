// The browser that is killed, again and again, on one profile; and the one that is not. Knows processes and pages, and
// nothing of what is claimed.

import { installWriter, listRecords, tellArrivals } from './in-page.mjs'

export class Browser {
  tabs = []
  #profile
  #place
  #ledger
  #lives = 0
  #processId

  constructor(profile, place, ledger) {
    this.#profile = profile
    this.#place = place
    this.#ledger = ledger
  }

  get first() {
    return this.tabs[0]
  }

  /** Starts the browser with so many tabs, in which nothing is loaded yet. */
  async launch(tabCount = 1) {
    await this.#profile.launch()
    const session = await this.#profile.browser.newBrowserCDPSession()
    const { processInfo } = await session.send('SystemInfo.getProcessInfo')
    this.#processId = processInfo.find((one) => one.type === 'browser').id
    await session.detach()
    this.tabs = []
    for (let index = 0; index < tabCount; index += 1) {
      const tab = await this.#profile.openEmpty()
      await tab.page.exposeBinding('tellLedger', (_, kind, items) => this.#ledger.take(this.#place, kind, items))
      this.tabs.push(tab)
    }
  }

  /** Loads the app in all tabs. */
  async load() {
    for (const tab of this.tabs) {
      const life = `${this.#profile.name}-${(this.#lives += 1)}`
      await tab.load()
      await tab.run(installWriter, life)
      await tab.run(tellArrivals, life)
    }
  }

  /** What the first tab shows. */
  records() {
    return this.first.run(listRecords)
  }

  /** What went wrong in the pages without being caught. */
  get errors() {
    return this.tabs.flatMap((tab) => tab.errors)
  }

  /** Every process of the browser ends at once: it is the first of its group, and all others are in it. */
  async kill() {
    process.kill(-this.#processId, 'SIGKILL')
    await this.#profile.kill()
    this.tabs = []
  }
}
