// What the script plays in: one relay, two sides, the ledger of what must be there, and the checks that every part needs.

import { contentsOfAll } from '../harness/in-page.mjs'
import { Ledger } from '../harness/ledger.mjs'
import { inThousands } from '../harness/report.mjs'
import { Side } from './side.mjs'

const levelTimeoutMs = 60_000

export class Scene {
  static async make({ world, report, tabs, prefix }) {
    const relay = await world.relay()
    const side = async (name, sync, tabCount) => {
      const proxy = await world.proxy(relay)
      const profile = await world.profile(name, relay.address, { relay: proxy.syncBase, sync })
      return new Side({ name, profile, proxy, tabCount })
    }
    return new Scene({ relay, report, prefix, left: await side('left', 'on', tabs), right: await side('right', 'off', 1) })
  }

  ledger = new Ledger()

  constructor(parts) {
    Object.assign(this, parts)
    this.sides = [this.left, this.right]
  }

  get tabs() {
    return this.sides.flatMap((side) => side.tabs)
  }

  async shot(name) {
    for (const side of this.sides) await side.shot(`${this.prefix}-${name}`)
  }

  /** Waits until every tab of both sides has seen everything, and nothing is unsent. */
  async level() {
    for (const tab of this.tabs) await tab.untilSettled(levelTimeoutMs)
    for (const tab of this.tabs) {
      for (const other of this.tabs) if (other !== tab) await tab.untilLevelWith(other, levelTimeoutMs)
    }
  }

  /** Claims that all tabs show the same records and siblings, and that these are what the ledger says. */
  async checkAgreement() {
    const views = await Promise.all(this.tabs.map((tab) => tab.view()))
    const [{ digest, count, conflicts }] = views
    const claim = `all ${views.length} tabs hold the same ${inThousands(count)} records, digest ${digest.slice(0, 12)}`
    this.report.check(claim, views.every((view) => view.digest === digest), differencesOf(views))
    await this.checkAgainstLedger(this.right.first, this.ledger, 'no write is lost, no deletion undone, nothing added')
    const expected = this.ledger.conflicts
    const same = expected.length === conflicts.length && expected.every((id) => conflicts.includes(id))
    this.report.check(`${conflicts.length} records show siblings, the ${expected.length} that must`, same, conflicts.join(', '))
  }

  async checkAgainstLedger(tab, ledger, claim) {
    const differences = ledger.differences(await tab.run(contentsOfAll))
    this.report.check(claim, differences.length === 0, `${differences.length}: ${differences.slice(0, 5).join('; ')}`)
  }

  /** What went wrong in a page without being caught is never fine. */
  checkErrors() {
    const errors = this.tabs.flatMap((tab) => tab.errors)
    this.report.check('no page has thrown', errors.length === 0, errors.join('\n'))
  }
}

/** The first records that not all tabs show in the same way. */
function differencesOf([first, ...others]) {
  const known = new Set(first.lines)
  const differing = others.map(({ lines }) => {
    const there = new Set(lines)
    const [extra, missing] = [lines.filter((line) => !known.has(line)), first.lines.filter((line) => !there.has(line))]
    return { extra: extra.length, missing: missing.length, examples: [extra[0], missing[0]] }
  })
  return JSON.stringify(differing)
}
