// A chart of one workload as SVG, legible on light and on dark ground: a panel for each row, a line for each engine, on a
// logarithmic scale, because the engines differ by powers of ten. Knows no files.

import { BASELINES, OURS } from '../runner/arguments.mjs'
import { shown } from './numbers.mjs'
import { ROWS, labelOf, workloadOf } from './rows.mjs'
import { ABOUT } from './workloads.mjs'

const WIDTH = 720
const NAMES = 168
const VALUES = 96
const LINE = 20
const PANEL_HEAD = 44
const MARGIN = 16

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 16px; font-weight: 600; }
  .row { font-weight: 600; }
  .note, .plain { fill: #656d76; }
  .grid { stroke: #d1d9e0; stroke-width: 1; }
  .stem { stroke: #afb8c1; stroke-width: 2; }
  .dot { fill: #6e7781; }
  .plain-dot { fill: none; stroke: #6e7781; stroke-width: 2; }
  .ours { font-weight: 700; fill: #0969da; }
  .ours-stem { stroke: #0969da; stroke-width: 4; }
  .ours-dot { fill: #0969da; }
  .budget { stroke: #bf8700; stroke-width: 2; stroke-dasharray: 4 3; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .note, .plain { fill: #9198a1; }
    .grid { stroke: #30363d; }
    .stem { stroke: #484f58; }
    .dot { fill: #9198a1; }
    .plain-dot { stroke: #9198a1; }
    .ours { fill: #4493f8; }
    .ours-stem { stroke: #4493f8; }
    .ours-dot { fill: #4493f8; }
    .budget { stroke: #d29922; }
  }`

/** The chart of a workload, or nothing if the run has no figures for it. */
export function chart(summary, workload) {
  const rows = ROWS.filter(row => row.isCharted && workloadOf(row.key) === workload && linesOf(summary, row).length > 1)
  if (rows.length === 0) return undefined
  const panels = []
  let top = 58
  for (const row of rows) {
    const panel = drawPanel(summary, row, top)
    panels.push(panel.svg)
    top += panel.height
  }
  const { title } = ABOUT[workload]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" width="${WIDTH}" height="${top}" role="img" aria-label="${workload}: ${title}">
<style>${STYLE}
</style>
${text(MARGIN, 26, 'title', `${workload} ${title}`)}
${text(MARGIN, 44, 'note', `${summary.date}, ${summary.machine.chromium}; logarithmic scale; hollow: plain IndexedDB; dashed: Eyot’s budget`)}
${panels.join('\n')}
</svg>
`
}

/** `[name, median]` of every engine that has the row, the best first. */
function linesOf({ engines, figures }, { key, better }) {
  const lines = engines.map(name => [name, figures[name]?.[key]?.median]).filter(([, median]) => median > 0)
  return lines.sort(([, a], [, b]) => (better === 'less' ? a - b : b - a))
}

function drawPanel(summary, row, top) {
  const lines = linesOf(summary, row)
  const scale = scaleFor([...lines.map(([, median]) => median), ...(row.budget === undefined ? [] : [row.budget])])
  const [first, last] = [top + PANEL_HEAD, top + PANEL_HEAD + lines.length * LINE]
  const direction = row.better === 'less' ? 'less is better' : 'more is better'
  const unit = row.unit === '' ? '' : `${row.unit}, `
  const parts = [text(MARGIN, top + 18, 'row', labelOf(row, summary)), text(MARGIN, top + 35, 'note', unit + direction)]
  for (const power of scale.powers) parts.push(gridLine(scale.at(power), first - 4, last, shown(power)))
  if (row.budget !== undefined) {
    const x = scale.at(row.budget)
    parts.push(`<line class="budget" x1="${x}" x2="${x}" y1="${first - 4}" y2="${last}"/>`)
  }
  for (const [index, [name, median]] of lines.entries()) parts.push(line(name, median, scale, first + index * LINE + LINE / 2))
  return { svg: parts.join('\n'), height: PANEL_HEAD + lines.length * LINE + 14 }
}

function line(name, median, scale, y) {
  const x = scale.at(median)
  const isOurs = name === OURS
  const isPlain = BASELINES.includes(name)
  const kind = isOurs ? 'ours' : isPlain ? 'plain' : ''
  const dot = isOurs ? 'ours-dot' : isPlain ? 'plain-dot' : 'dot'
  return [
    text(NAMES, y + 4, kind, isOurs ? 'Eyot' : name, 'end'),
    `<line class="${isOurs ? 'ours-stem' : 'stem'}" x1="${NAMES + 10}" x2="${x}" y1="${y}" y2="${y}"/>`,
    `<circle class="${dot}" cx="${x}" cy="${y}" r="${isOurs ? 6 : 4.5}"/>`,
    text(x + 11, y + 4, kind, shown(median)),
  ].join('')
}

function gridLine(x, from, to, label) {
  return `<line class="grid" x1="${x}" x2="${x}" y1="${from}" y2="${to}"/>${text(x, from - 4, 'note', label, 'middle')}`
}

/** From the power of ten below the least to that above the most. */
function scaleFor(values) {
  const low = Math.floor(Math.log10(Math.min(...values)))
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))))
  const [left, right] = [NAMES + 16, WIDTH - MARGIN - VALUES]
  const at = value => Math.round((left + ((Math.log10(value) - low) / (high - low)) * (right - left)) * 10) / 10
  const powers = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index))
  return { at, powers }
}

function text(x, y, kind, content, anchor = 'start') {
  const safe = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x}" y="${y}"${kind === '' ? '' : ` class="${kind}"`}${anchor === 'start' ? '' : ` text-anchor="${anchor}"`}>${safe}</text>`
}
