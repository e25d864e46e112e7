// Eyot beside the best of its peers and beside plain IndexedDB, row by row. Knows no form of output.

import { BASELINES, OURS } from '../runner/arguments.mjs'
import { rowsOf } from './summary.mjs'

/** Rows that no ratio says anything of: counts of messages. */
const UNCOMPARED = ['']

/**
 * For each row: Eyot's median, the best peer with its name, the best baseline with its name, and the ratios to both: how
 * many times the cost of the other, so that under 1 is ahead whether less or more is better.
 */
export function compare(summary) {
  const peers = summary.engines.filter(name => name !== OURS && !BASELINES.includes(name))
  return rowsOf(summary).map(row => {
    const ours = summary.figures[OURS]?.[row.key]?.median
    const peer = bestOf(summary, peers, row)
    const plain = bestOf(summary, BASELINES, row)
    const isCompared = ours !== undefined && !UNCOMPARED.includes(row.unit)
    const ratioTo = other => (isCompared && other !== undefined ? costRatio(row, ours, other.median) : undefined)
    return { row, ours, peer, plain, toPeer: ratioTo(peer), toPlain: ratioTo(plain) }
  })
}

function bestOf({ figures }, names, { key, better }) {
  const found = names
    .filter(name => figures[name]?.[key] !== undefined)
    .map(name => ({ name, median: figures[name][key].median }))
    .sort((a, b) => (better === 'less' ? a.median - b.median : b.median - a.median))
  return found[0]
}

function costRatio({ better }, ours, other) {
  const [cost, otherCost] = better === 'less' ? [ours, other] : [other, ours]
  return otherCost === 0 ? undefined : cost / otherCost
}
