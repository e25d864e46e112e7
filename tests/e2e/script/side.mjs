// One of the two sides of the script: a profile with one tab or several, behind a network of its own.

import { watch } from '../harness/smoothness.mjs'
import { until } from '../harness/wait.mjs'

export class Side {
  tabs = []
  #tabCount

  constructor({ name, profile, proxy, tabCount }) {
    this.name = name
    this.profile = profile
    this.proxy = proxy
    this.#tabCount = tabCount
  }

  get first() {
    return this.tabs[0]
  }

  async open() {
    this.tabs = []
    for (let count = 0; count < this.#tabCount; count += 1) this.tabs.push(await this.profile.open())
  }

  /** Runs the work in all tabs at once, each with its share of the list. */
  async spread(list, work) {
    const share = (index) => list.filter((_, at) => at % this.tabs.length === index)
    await Promise.all(this.tabs.map((tab, index) => tab.runInPieces(work, share(index))))
  }

  /** The tab that holds the network sync. */
  holder() {
    return until(`a tab of ${this.name} holds the sync`, async () => {
      const holds = await Promise.all(this.tabs.map((tab) => tab.holdsTheSync()))
      return this.tabs[holds.indexOf(true)]
    })
  }

  /** Closes the tab that holds the sync, and waits until another one does. */
  async closeHolder() {
    const holder = await this.holder()
    this.tabs = this.tabs.filter((tab) => tab !== holder)
    await holder.close()
    return this.holder()
  }

  /** Begins to watch all tabs; the result gives the longest task since of any that are open then. */
  async watchTasks() {
    const longest = await watch(this.profile, this.tabs)
    return () => longest(this.tabs)
  }

  /** The figures of the tab that holds the sync; the result of calling the result is what came on top since. */
  async watchTraffic() {
    const holder = await this.holder()
    const before = await holder.status()
    return async () => {
      const after = await holder.status()
      const since = (name) => after[name] - before[name]
      return { bytesIn: since('bytesIn'), bytesOut: since('bytesOut'), roundTrips: since('roundTrips') }
    }
  }

  async shot(name) {
    await this.first.shot(`${name}-${this.name}`)
  }
}
