// What the pages have seen kept, outside of them: which writes were on disk, which a relay had acknowledged, which had
// arrived. Knows that a write names those that it replaces, and nothing of how Eyot works.

/** The places where a write must be. */
export const victim = 'the victim'
export const witness = 'the witness'

export class Ledger {
  // By the name of each write that was ever shown: its record, and the names of the writes that it replaces.
  #writes = new Map()
  // By dot, the name of the write that it stands for.
  #names = new Map()
  // By place, what must be there: names.
  #required = new Map([[victim, new Set()], [witness, new Set()]])
  #breaches = []
  // Everything that a relay has acknowledged since the last check.
  #saved = new Set()
  acknowledged = 0
  saved = 0
  arrived = 0

  /** Takes what a page says, the moment it says so. */
  take(place, kind, items) {
    if (kind === 'failed') this.#breaches.push(...items.map((item) => `${place}: ${item}`))
    if (kind === 'saved') for (const name of items) this.#noteSaved(name)
    if (kind !== 'acknowledged' && kind !== 'arrived') return
    this[kind] += items.length
    for (const item of items) {
      this.#note(place, item)
      this.#required.get(place).add(item.name)
    }
  }

  /** What is wrong with these records at that place: sentences, none if every write that must be there is there. */
  breaches(place, records) {
    const byId = new Map(records.map((record) => [record.id, record]))
    for (const record of records) for (const one of record.siblings) this.#note(place, { id: record.id, ...one })
    const required = this.#required.get(place)
    for (const name of required) this.#check(place, name, byId)
    this.#forgetReplaced(required)
    return this.#breaches.splice(0)
  }

  /** Whether these records have everything that a relay had acknowledged. */
  hasSaved(records) {
    const known = new Set()
    for (const { siblings } of records) for (const one of siblings) this.#includeAncestors(one.name, one.replaces, known)
    const missing = [...this.#saved].filter((name) => !known.has(name))
    if (missing.length === 0) this.#saved.clear()
    return missing.length === 0
  }

  /** From now on everything that must be at one of the places must be at both. */
  level() {
    const all = [...this.#required.values()].flatMap((names) => [...names])
    for (const names of this.#required.values()) for (const name of all) names.add(name)
  }

  #noteSaved(name) {
    this.saved += 1
    this.#saved.add(name)
  }

  #note(place, { id, version, name, replaces }) {
    this.#writes.set(name, { id, replaces })
    if (version === undefined) return
    const before = this.#names.get(version)
    if (before !== undefined && before !== name) this.#breaches.push(`${version} is ${name} at ${place}, and was ${before}`)
    this.#names.set(version, name)
  }

  #check(place, name, byId) {
    const { id } = this.#writes.get(name)
    const known = new Set()
    for (const one of byId.get(id)?.siblings ?? []) this.#includeAncestors(one.name, one.replaces, known)
    if (!known.has(name)) this.#breaches.push(`${id}: ${name} is lost at ${place}`)
  }

  /** Adds a write and everything that it has replaced, and that this has replaced. */
  #includeAncestors(name, replaces, known) {
    const waiting = [name, ...replaces]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (known.has(next)) continue
      known.add(next)
      waiting.push(...(this.#writes.get(next)?.replaces ?? []))
    }
  }

  /** Whoever has a write has seen what it replaces: that need not be looked for any more. */
  #forgetReplaced(required) {
    for (const name of [...required]) {
      const replaced = new Set()
      for (const before of this.#writes.get(name).replaces) this.#includeAncestors(before, [], replaced)
      for (const before of replaced) required.delete(before)
    }
  }
}
