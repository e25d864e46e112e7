// The page with the figures of queries. Knows what was measured, but no engine.

import { cpus } from 'node:os'

const number = ms => (ms === undefined ? '—' : ms >= 100 ? ms.toFixed(0) : ms >= 1 ? ms.toFixed(1) : ms.toFixed(2))

/** The page as Markdown. */
export function pageOf(results) {
  const loops = results.flatMap(({ loopMs }) => loopMs ?? []).sort((left, right) => left - right)
  const sizes = [...new Set(results.map(({ size }) => size))].sort((left, right) => left - right)
  const engines = [...new Set(results.map(({ engine }) => engine))].sort()
  const lines = [
    '# Queries beside the peers',
    '',
    'Written by `cargo xtask bench queries`. The same documents of about 230 bytes in every engine, in one headless Chromium with a',
    'fresh profile for each cell. Milliseconds by the clock; read ratios, not single figures.',
    '',
    `${new Date().toISOString().slice(0, 10)}; ${results.find(({ browser }) => browser)?.browser}, ${cpus()[0].model} x ${cpus().length}. A fixed loop before every cell took`,
    `${number(loops[loops.length >> 1])} ms (${number(loops[0])} to ${number(loops.at(-1))}): so noisy was the machine.`,
    '',
    '* *first*: the newest fifty of a quarter of the documents, asked for the first time; for Eyot and an index that includes making it.',
    '* *newest*: the same of another quarter, the median. *range*: a hundredth of the documents by a number, in its order.',
    '* *change*: in a live query for the newest fifty of 50,000, from a write that puts a record on top to the call with the new rows.',
    '',
    'Eyot and TinyBase show a change before it is stored; TinyBase stores nothing here. Dexie, RxDB and PouchDB show what they have stored.',
    'Every answer is compared with filtering and sorting. — was not run, or took longer than four minutes.',
  ]
  for (const indexed of [true, false]) {
    for (const size of sizes) {
      lines.push('', `## ${size.toLocaleString('en')} documents, ${indexed ? 'indexes on both questions' : 'no indexes'}`, '')
      lines.push('| | first | newest | range | change, p50 | p95 |', '| --- | ---: | ---: | ---: | ---: | ---: |')
      for (const engine of engines) {
        const found = results.find(result => result.engine === engine && result.size === size && result.indexed === indexed)
        const { first, newest, range, live } = found ?? {}
        lines.push(`| ${[engine, ...[first, newest, range, live?.p50, live?.p95].map(number)].join(' | ')} |`)
      }
    }
  }
  return `${lines.join('\n')}\n`
}
