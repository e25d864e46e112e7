// One kill after the other: what happens to the browser, and what is claimed after it.

import assert from 'node:assert/strict'
import { pause, until } from '../e2e/harness/wait.mjs'
import { problemOfSync } from './in-page.mjs'
import { Ledger, victim, witness } from './ledger.mjs'
import { Browser } from './victim.mjs'

const timeoutMs = 60_000

/** Nobody is to believe that this is a copy, or is further than it is. */
const refusals = ['replica-forked', 'invalid-cursor', 'same-replica']

export class Kills {
  ledger = new Ledger()
  figures = { kills: 0, whileLoading: 0, withTwoTabs: 0, withTheRelay: 0 }

  static async make(world) {
    const kills = new Kills()
    kills.relay = await world.relay()
    const browser = async (name, place) => new Browser(await world.profile(name, kills.relay.address), place, kills.ledger)
    kills.victim = await browser('victim', victim)
    kills.witness = await browser('witness', witness)
    await kills.witness.launch()
    await kills.witness.load()
    return kills
  }

  /** One life of the browser, to its violent end. */
  async liveAndDie() {
    const tabCount = Math.random() < 0.3 ? 2 : 1
    await this.victim.launch(tabCount)
    if (Math.random() < 0.15) await this.#dieWhileLoading()
    else await this.#dieAtWork(tabCount)
    if (tabCount > 1) this.figures.withTwoTabs += 1
    this.figures.kills += 1
    await this.#checkSaved()
  }

  /** After the last kill: everything that was ever promised is at both. */
  async settle() {
    await this.victim.launch()
    await this.victim.load()
    await this.#check(victim)
    await this.#checkLevel()
  }

  async #dieWhileLoading() {
    const loading = this.victim.load().catch(() => undefined)
    await pause(Math.random() * 1_000)
    await this.#kill()
    await loading
    this.figures.whileLoading += 1
  }

  async #dieAtWork(tabCount) {
    await this.victim.load()
    await this.#check(victim)
    if (Math.random() < 0.5) await this.#checkLevel()
    const works = [...this.victim.tabs, this.witness.first].map((tab, index) => {
      const work = index < tabCount ? () => window.crashWriter.run() : () => window.crashWriter.batch(40, 6_000)
      return tab.run(work).catch(() => undefined)
    })
    await this.#somethingHappens()
    assert.deepEqual(this.victim.errors, [], 'the page has thrown')
    await this.#kill()
    await Promise.all(works)
  }

  /**
   * A moment in the midst of the work. By what has happened and not by the clock, so that a busy machine sees the same
   * moments as an idle one: some writes on disk or some arrivals, or a promise that something is at the relay.
   */
  async #somethingHappens() {
    const { ledger } = this
    const happened = Math.random() < 0.5 ? () => ledger.acknowledged + ledger.arrived : () => 25 * ledger.saved
    const enough = happened() + Math.floor(Math.random() * 150)
    await until('the pages have written and received', () => happened() >= enough, timeoutMs)
    await pause(Math.random() * 30)
  }

  /** Now and then the relay goes at the same moment. */
  async #kill() {
    const isBoth = Math.random() < 0.15
    const ends = [this.victim.kill()]
    if (isBoth) ends.push(this.relay.kill())
    await Promise.all(ends)
    if (!isBoth) return
    await this.relay.start()
    this.figures.withTheRelay += 1
  }

  /** What `saved()` had promised is at the relay: the witness gets it while the browser that wrote it is down. */
  async #checkSaved() {
    await this.witness.first.lookAgain()
    await until('the witness has everything that was saved', async () => this.ledger.hasSaved(await this.witness.records()), timeoutMs)
    await this.#check(witness)
  }

  async #check(place) {
    const records = await (place === victim ? this.victim : this.witness).records()
    assert.deepEqual(this.ledger.breaches(place, records), [], `after ${this.figures.kills} kills, at ${place}`)
    if (place === victim) this.#checkIdentity(records)
  }

  /** The profile goes on under the name that it had. */
  #checkIdentity(records) {
    const own = records.flatMap(({ siblings }) => siblings).filter(({ name }) => name.startsWith('victim-'))
    for (const { replica } of own) assert.equal(replica, (this.replica ??= replica), 'a kill makes no other replica')
  }

  /** No cursor was ahead of the data: each gets what it lacks, and both come to show the same. */
  async #checkLevel() {
    const problem = await this.victim.first.run(problemOfSync)
    assert.ok(!refusals.includes(problem), `the relay says ${problem}`)
    await this.victim.first.untilLevelWith(this.witness.first, timeoutMs)
    await this.witness.first.untilLevelWith(this.victim.first, timeoutMs)
    const [one, other] = [await this.victim.first.view(), await this.witness.first.view()]
    assert.equal(one.digest, other.digest, 'both show the same')
    this.ledger.level()
    await this.#check(victim)
    await this.#check(witness)
  }
}
