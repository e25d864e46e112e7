// What a run says: one line for each thing that happened or was checked, and a table of figures. Knows no browser.

import assert from 'node:assert/strict'
import { inWords } from './smoothness.mjs'

/** Far over the aim of 50 ms, which the figures tell. */
const gravestTaskMs = 250

export class Report {
  #write
  #start = performance.now()
  #figures = []
  #longestTaskMs = 0

  constructor(write = (line) => process.stdout.write(`${line}\n`)) {
    this.#write = write
  }

  heading(text) {
    this.#write(`\n${text}`)
  }

  /** Something was done. */
  say(text) {
    this.#write(`${this.#time()}   ${text}`)
  }

  /** A claim that holds, or the end of the run. */
  check(claim, holds, detail = '') {
    assert.ok(holds, `${claim}${detail === '' ? '' : `: ${detail}`}`)
    this.#write(`${this.#time()} ✓ ${claim}`)
  }

  figure(name, value) {
    this.#figures.push([name, value])
  }

  /** The longest task of a page during something. Over the aim is said, far over it is a failure. */
  longestTask(name, task) {
    this.#longestTaskMs = Math.max(this.#longestTaskMs, task.processorMs)
    this.figure(`longest task, ${name}`, inWords(task))
  }

  checkLongestTask() {
    const claim = `no task of a page took over ${gravestTaskMs} ms of processor time`
    this.check(claim, this.#longestTaskMs <= gravestTaskMs, `${this.#longestTaskMs} ms`)
  }

  table() {
    const width = Math.max(...this.#figures.map(([name]) => name.length))
    for (const [name, value] of this.#figures) this.#write(`  ${name.padEnd(width)}  ${value}`)
  }

  #time() {
    return `${((performance.now() - this.#start) / 1000).toFixed(1).padStart(6)} s`
  }
}

export function inThousands(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',')
}

export function inKilobytes(bytes) {
  return `${inThousands(Math.round(bytes / 1000))} kB`
}
