// Writes docs/performance.md and the charts beside it. Knows the words around the figures, not how they came about.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../runner/places.mjs'
import { chart } from './chart.mjs'
import { compare } from './comparison.mjs'
import { shown, times } from './numbers.mjs'
import { WORKLOADS, labelOf, workloadOf } from './rows.mjs'
import { roundsOf, table } from './terminal.mjs'
import { ABOUT } from './workloads.mjs'

const PAGE = join(repository, 'docs/performance.md')
const CHARTS = join(repository, 'docs/charts')
/** What people write on the page stands after this line and stays as it is. */
const BY_HAND = '<!-- What follows is written by hand; `cargo xtask bench` leaves it as it is. -->'

export function writePages(summary) {
  rmSync(CHARTS, { recursive: true, force: true })
  mkdirSync(CHARTS, { recursive: true })
  const charted = []
  for (const workload of WORKLOADS) {
    const drawing = workload === 'W0' ? undefined : chart(summary, workload)
    if (drawing === undefined) continue
    charted.push(workload)
    writeFileSync(join(CHARTS, `${workload}.svg`), drawing)
  }
  writeFileSync(PAGE, page(summary, charted))
}

function page(summary, charted) {
  const parts = [
    '# Performance',
    'Eyot beside its peers and beside plain IndexedDB, in one headless Chromium, measured by `cargo xtask bench`.',
    circumstances(summary),
    '## Where Eyot stands',
    standing(summary),
    '## All medians',
    markdown(table(summary)),
    notes(summary),
    '## What the rows are',
    ...WORKLOADS.filter(name => name !== 'W0').flatMap(name => about(name, charted)),
    ...plainCosts(summary),
    BY_HAND,
    byHand(),
  ]
  return `${parts.filter(part => part !== '').join('\n\n').trimEnd()}\n`
}

function circumstances(summary) {
  const { date, machine, minutes, versions } = summary
  const { loopMs } = machine
  const lines = [
    `${date}; ${machine.chromium}, Node ${machine.node}; ${machine.processor} x ${machine.cores}, ${machine.memoryGiB} GiB.`,
    `${roundsOf(summary)} in ${minutes} minutes. Every cell gets a fresh browser with a fresh profile; the engines are`,
    'interleaved, and their order turns with each round. The figures are medians. They drift with the machine: what counts',
    `is the ratio within one run. A fixed loop that was timed before every cell took ${shown(loopMs?.median)} ms`,
    `(${shown(loopMs?.least)} to ${shown(loopMs?.most)}): so noisy was the machine, with a load of ${machine.load.join(' to ')}.`,
    `Versions: ${Object.entries(versions).filter(([name]) => name !== 'indexeddb').map(pair => pair.join(' ')).join(', ')}.`,
  ]
  return lines.join('\n')
}

function standing(summary) {
  const head = ['', 'budget', 'Eyot', 'best peer', 'Eyot to best peer', 'best plain', 'Eyot to plain']
  const lines = compare(summary).map(({ row, ours, peer, plain, toPeer, toPlain }) => [
    `${workloadOf(row.key)} ${labelOf(row, summary)}${row.unit === '' ? '' : `, ${row.unit}`}`,
    shown(row.budget),
    shown(ours),
    named(peer),
    times(toPeer),
    named(plain),
    times(toPlain),
  ])
  const said = 'A ratio says how many times the other’s cost Eyot has, whether less or more is better: under 1 is ahead.'
  return `${said}\n\n${markdown([head, ...lines])}`
}

function named(figure) {
  return figure === undefined ? '-' : `${shown(figure.median)} (${figure.name})`
}

function markdown([head, ...rows]) {
  const line = cells => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')
}

function notes({ failures, reduced }) {
  const cut = Object.entries(reduced).map(([cell, size]) => `* Run with fewer documents, because it took over a minute: ${cell}: ${size}.`)
  const failed = failures.map(({ engine, cell, message }) => `* Failed: ${cell} of ${engine}: ${message}.`)
  return [...cut, ...failed].join('\n')
}

function about(name, charted) {
  const { title, what, less } = ABOUT[name]
  const picture = charted.includes(name) ? [`![${name}: ${title}](charts/${name}.svg)`] : []
  return [`### ${name}: ${title}`, what, ...(less === undefined ? [] : [`Who does less work here: ${less}`]), ...picture]
}

function plainCosts({ plain }) {
  const costs = Object.entries(plain)
  if (costs.length === 0) return []
  const rows = costs.map(([name, { median, least, most }]) => [name, shown(median), shown(least), shown(most)])
  return ['### W0: What IndexedDB itself costs', ABOUT.W0.what, markdown([['', 'median', 'least', 'most'], ...rows])]
}

function byHand() {
  if (!existsSync(PAGE)) return ''
  return readFileSync(PAGE, 'utf8').split(BY_HAND)[1]?.trim() ?? ''
}
