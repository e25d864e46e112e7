// What has been written and must therefore be there: a model of the database that knows nothing of how Eyot works.

export class Ledger {
  // By id the values that stand side by side; null is a deletion beside an edit. A deleted record is not in it.
  #records = new Map()

  /** The ids of the records in conflict, sorted. */
  get conflicts() {
    return [...this.#records].filter(([, values]) => values.length > 1).map(([id]) => id).sort()
  }

  /** The ids of all records, in the order in which they were first written. */
  get ids() {
    return [...this.#records.keys()]
  }

  copy() {
    const copy = new Ledger()
    for (const [id, values] of this.#records) copy.concur(id, values)
    return copy
  }

  /** Somebody who has seen all there is writes: that is what there is now. */
  put(id, value) {
    this.#records.set(id, [value])
  }

  putAll(entries) {
    for (const [id, value] of entries) this.put(id, value)
  }

  delete(id) {
    this.#records.delete(id)
  }

  /** Writers who had not heard of each other: all of it stands. */
  concur(id, values) {
    this.#records.set(id, values)
  }

  /** The values that stand side by side. */
  values(id) {
    return this.#records.get(id) ?? []
  }

  /** The value, where there is one. */
  value(id) {
    return this.values(id)[0]
  }

  /** Where what a page gave, `[id, values][]`, differs: sentences, none if all is as it must be. */
  differences(contents) {
    const found = new Map(contents)
    const ids = new Set([...found.keys(), ...this.#records.keys()])
    return [...ids].flatMap((id) => difference(id, this.#records.get(id), found.get(id)))
  }
}

function difference(id, expected, found) {
  if (expected === undefined) return [`${id} is there and must not be`]
  if (found === undefined) return [`${id} is lost`]
  const [wanted, got] = [expected.map(textOf).sort(), found.map(textOf).sort()]
  if (wanted.length === got.length && wanted.every((text, index) => text === got[index])) return []
  return [`${id} has ${got.length} of ${wanted.length} versions, or others: ${got.join(' | ').slice(0, 300)}`]
}

/** Equal for equal notes, whatever the order of their properties. */
function textOf(value) {
  if (value === null) return 'deleted'
  return JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
