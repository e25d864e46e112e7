// The table as text for a terminal. Knows nothing of how the figures came about.

import { compare } from './comparison.mjs'
import { shown, times } from './numbers.mjs'
import { labelOf, workloadOf } from './rows.mjs'

export function terminal(summary) {
  const { machine, minutes, failures, reduced } = summary
  const noise = machine.loopMs === undefined ? '' : `; a fixed loop took ${shown(machine.loopMs.median)} ms (${shown(machine.loopMs.least)} to ${shown(machine.loopMs.most)})`
  return [
    '',
    `${machine.chromium ?? 'Chromium'}, ${machine.processor} x ${machine.cores}, load ${machine.load.join(' to ')}; ${roundsOf(summary)} in ${minutes} minutes, medians${noise}`,
    'Ratios say how many times the other’s cost Eyot has: under 1 is ahead.',
    '',
    ...aligned(table(summary)),
    ...Object.entries(reduced).map(([cell, size]) => `run with fewer documents, because it took over a minute: ${cell}: ${size}`),
    ...failures.map(({ engine, cell, message }) => `FAILED: ${cell} ${engine}: ${message}`),
  ].join('\n')
}

/** `3 rounds`. */
export function roundsOf({ rounds, isInterrupted }) {
  return `${rounds} ${rounds === 1 ? 'round' : 'rounds'}${isInterrupted ? ' and a part of another' : ''}`
}

/** The table as cells: a head and the rows. */
export function table(summary) {
  const others = summary.engines.slice(1)
  const head = ['', 'unit', 'budget', summary.engines[0], 'to best peer', 'to plain', ...others]
  const lines = compare(summary).map(({ row, ours, toPeer, toPlain }) => [
    `${workloadOf(row.key)} ${labelOf(row, summary)}`,
    row.unit,
    shown(row.budget),
    shown(ours),
    times(toPeer),
    times(toPlain),
    ...others.map(name => cell(summary, name, row)),
  ])
  return [head, ...lines]
}

function cell(summary, name, { key, isLarge }) {
  const figure = summary.figures[name]?.[key]
  if (figure === undefined) return '-'
  const whole = isLarge ? summary.large : summary.docs
  const isReduced = figure.size !== undefined && figure.size < whole && !key.startsWith('W2')
  return `${shown(figure.median)}${isReduced ? ` (of ${shown(figure.size)})` : ''}`
}

function aligned(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map(row => row[column].length)))
  return rows.map(row => row.map((text, column) => (column < 2 ? text.padEnd(widths[column]) : text.padStart(widths[column]))).join('  '))
}
