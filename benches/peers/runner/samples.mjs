// What has been measured so far: every sample of every row, what was run smaller, what failed. Knows no browser.

/** The samples of a run. */
export class Samples {
  /** Engine -> row -> samples `{ value, size }`, in the order of the rounds. */
  readings = {}
  /** Costs of plain IndexedDB by name, a list of numbers each. */
  plain = {}
  failures = []
  /** Cell -> the smaller number of documents that it is run with from now on. */
  reduced = {}
  versions = {}
  loopMs = []
  /** How many rounds are complete. A figure tells how many samples it has. */
  rounds = 0
  chromium = undefined

  /** Adds a sample; `size` is the number of documents it was measured with. */
  add(engine, row, value, size) {
    this.readings[engine] ??= {}
    this.readings[engine][row] ??= []
    this.readings[engine][row].push({ value, size })
  }

  /** Adds several rows of one engine. */
  addAll(engine, size, values) {
    for (const [row, value] of Object.entries(values)) this.add(engine, row, value, size)
  }

  addPlain(costs) {
    for (const [name, cost] of Object.entries(costs)) {
      this.plain[name] ??= []
      this.plain[name].push(cost)
    }
  }
}
