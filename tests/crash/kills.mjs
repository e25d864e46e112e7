// One kill after the other: what happens to the browser, and what is claimed after it.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Profile } from '../e2e/harness/profile.mjs'
import { pause, until } from '../e2e/harness/wait.mjs'
import { noticesOfPage, problemOfSync } from './in-page.mjs'
import { Ledger, victim, witness } from './ledger.mjs'
import { isMarked, mendLogs, tearLog } from './log-of-browser.mjs'
import { Browser } from './victim.mjs'

const timeoutMs = 60_000

/** Nobody is to believe that this is a copy, or is further than it is. */
const refusals = ['replica-forked', 'invalid-cursor', 'same-replica']

export class Kills {
  ledger = new Ledger()
  figures = { kills: 0, whileLoading: 0, withTwoTabs: 0, withTheRelay: 0, tornByBrowser: 0 }

  /** The replicas that the profile has been, and how many it may have been. */
  #replicas = new Set()
  #copies = 1

  static async make(world) {
    const kills = new Kills()
    kills.relay = await world.relay()
    kills.folder = await mkdtemp(join(tmpdir(), 'eyot-crash-'))
    kills.profile = new Profile({ name: 'victim', folder: kills.folder, address: kills.relay.address })
    kills.victim = new Browser(kills.profile, victim, kills.ledger)
    kills.witness = new Browser(await world.profile('witness', kills.relay.address), witness, kills.ledger)
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

  /**
   * The browser's own log is torn, and nobody mends it: at the start after the next one Chromium deletes the database.
   * Gives whether it has done so.
   */
  async haveDatabaseDeleted() {
    for (const tear of [tearLog, () => undefined]) {
      await this.victim.launch()
      await this.victim.load()
      await this.#check(victim)
      await this.#writeAndSave()
      await until('the mark is on disk', () => isMarked(this.folder), timeoutMs)
      await this.victim.kill()
      tear(this.folder)
    }
    await this.victim.launch()
    await this.victim.load()
    this.#copies = 2
    // What was saved comes back from the relay, and everything had been saved.
    await this.victim.first.untilLevelWith(this.witness.first, timeoutMs)
    await this.#writeAndSave()
    await this.#checkLevel()
    const isDeleted = this.#replicas.size === 2
    const notices = await this.victim.first.run(noticesOfPage)
    assert.deepEqual(notices, isDeleted ? ['storage-lost'] : [], 'the page says what has happened')
    return isDeleted
  }

  async #writeAndSave() {
    await this.victim.first.run(() => window.crashWriter.batch(30, 200))
    await this.victim.first.run(() => window.crashWriter.save())
  }

  /** After the last kill: everything that was ever promised is at both. */
  async settle() {
    await this.victim.launch()
    await this.victim.load()
    await this.#check(victim)
    await this.#checkLevel()
  }

  /** Ends and deletes what does not belong to the world. */
  async end() {
    await this.profile.close()
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
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
    this.figures.tornByBrowser += mendLogs(this.folder)
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
    for (const { replica } of own) this.#replicas.add(replica)
    assert.ok(this.#replicas.size <= this.#copies, 'a kill makes no other replica')
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
