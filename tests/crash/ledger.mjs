// What the pages have seen kept, outside of them: which writes were on disk, which a relay had acknowledged, which had
// arrived. Knows that a write tells what its page had seen of the record, and nothing of how Eyot works.
//
// A write is named for its page and counted there: `victim-3-17`. `seen` has, by page, the last write that is accounted
// for: each write of a page to a record follows the one before.

/** The places where a write must be. */
export const victim = 'the victim'
export const witness = 'the witness'

export class Ledger {
  // By dot, the name of the write that it stands for.
  #names = new Map()
  // By place, what must be there: the writes by their names.
  #required = new Map([[victim, new Map()], [witness, new Map()]])
  #breaches = []
  // Everything that a relay has acknowledged since the last check, with its record.
  #saved = new Map()
  acknowledged = 0
  saved = 0
  arrived = 0

  /** Takes what a page says, the moment it says so. */
  take(place, kind, items) {
    if (kind === 'failed') this.#breaches.push(...items.map((item) => `${place}: ${item}`))
    if (kind !== 'acknowledged' && kind !== 'arrived' && kind !== 'saved') return
    this[kind] += items.length
    for (const item of items) {
      if (kind === 'saved') this.#saved.set(item.name, item)
      else this.#require(place, item)
    }
  }

  /** What is wrong with these records at that place: sentences, none if every write that must be there is there. */
  breaches(place, records) {
    for (const { siblings } of records) for (const one of siblings) this.#noteDot(place, one)
    const required = this.#required.get(place)
    const lost = missing(required, records).map(({ id, name }) => `${id}: ${name} is lost at ${place}`)
    forgetReplaced(required)
    return [...this.#breaches.splice(0), ...lost]
  }

  /** Whether these records have everything that a relay had acknowledged. */
  hasSaved(records) {
    const has = missing(this.#saved, records).length === 0
    if (has) this.#saved.clear()
    return has
  }

  /** From now on everything that must be at one of the places must be at both. */
  level() {
    const all = [...this.#required.values()].flatMap((writes) => [...writes])
    for (const writes of this.#required.values()) for (const [name, write] of all) writes.set(name, write)
  }

  #require(place, write) {
    this.#noteDot(place, write)
    this.#required.get(place).set(write.name, write)
  }

  #noteDot(place, { version, name }) {
    if (version === undefined) return
    const before = this.#names.get(version)
    if (before !== undefined && before !== name) this.#breaches.push(`${version} is ${name} at ${place}, and was ${before}`)
    this.#names.set(version, name)
  }
}

/** The writes that do not stand in the records and were not replaced by what stands there. */
function missing(writes, records) {
  const byId = new Map(records.map(({ id, siblings }) => [id, siblings]))
  return [...writes.values()].filter(({ id, name }) => !(byId.get(id) ?? []).some((one) => one.name === name || hasSeen(one, name)))
}

/** Whoever has a write has seen what it replaces: that need not be looked for any more. */
function forgetReplaced(writes) {
  for (const group of groupById(writes.values()).values()) {
    for (const { name } of group) if (group.some((other) => hasSeen(other, name))) writes.delete(name)
  }
}

function groupById(writes) {
  const groups = new Map()
  for (const write of writes) groups.set(write.id, [...(groups.get(write.id) ?? []), write])
  return groups
}

function hasSeen({ seen }, name) {
  const end = name.lastIndexOf('-')
  return (seen[name.slice(0, end)] ?? 0) >= Number(name.slice(end + 1))
}
