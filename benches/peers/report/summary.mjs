// From the samples of a run to its summary: medians, and what is needed to understand them. Knows no form of output.

import { cpus, totalmem } from 'node:os'
import { spread } from './numbers.mjs'
import { ROWS } from './rows.mjs'

/**
 * `engines`: the names in order. `figures`: engine -> row -> `{ median, least, most, rounds, size }`. `plain`: the costs
 * of plain IndexedDB by name. `reduced`: what was run with fewer documents because it took too long.
 */
export function summarise({ samples, sizes, options, minutes, load }) {
  const figures = Object.fromEntries(Object.entries(samples.readings).map(([name, rows]) => [name, medians(rows)]))
  if (options.workloads.includes('W9')) for (const name of options.engines) Object.assign((figures[name] ??= {}), weights(sizes[name]))
  const { docs, large, engines } = options
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: {
      processor: cpus()[0].model,
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      chromium: samples.chromium,
      node: process.version,
      load: load.map(value => Math.round(value * 10) / 10),
      loopMs: samples.loopMs.length > 0 ? spread(samples.loopMs) : undefined,
    },
    docs,
    large,
    rounds: samples.rounds,
    isInterrupted: samples.rounds < options.rounds,
    minutes: Math.round(minutes * 10) / 10,
    engines,
    versions: versionsOf(samples.versions),
    failures: samples.failures,
    reduced: samples.reduced,
    figures,
    sizes: options.workloads.includes('W9') ? sizes : {},
    plain: Object.fromEntries(Object.entries(samples.plain).map(([name, costs]) => [name, spread(costs)])),
  }
}

/** Of samples with different numbers of documents those with the fewest count: the others were taken before it was cut. */
function medians(rows) {
  const found = {}
  for (const [key, list] of Object.entries(rows)) {
    const size = Math.min(...list.map(sample => sample.size))
    found[key] = { ...spread(list.filter(sample => sample.size === size).map(({ value }) => value)), size }
  }
  return found
}

function weights(files) {
  const sum = kind => files.reduce((total, file) => total + file[kind], 0) / 1024
  return { 'W9.gzip': spread([sum('gzip')]), 'W9.brotli': spread([sum('brotli')]) }
}

function versionsOf(versions) {
  return Object.fromEntries(Object.values(versions).flatMap(packages => Object.entries(packages)))
}

/** The rows of which a run has figures. */
export function rowsOf({ engines, figures }) {
  return ROWS.filter(({ key }) => engines.some(name => figures[name]?.[key] !== undefined))
}
