// The rows of the table: what each measures, in which unit, whether less or more is better, and Eyot's budget. Knows no
// figures.

/**
 * `key`: what the samples are called. `better`: `less` or `more`. `budget`: what Eyot is to reach, where one is set.
 * `isLarge`: measured with the many documents. `isCharted`: shown in the chart of its workload.
 */
const row = (key, label, unit, rest = {}) => ({ key, label, unit, better: 'less', ...rest })

export const ROWS = [
  row('W1.load', 'load script and WebAssembly', 'ms', { budget: 12, isCharted: true }),
  row('W1.open', 'open and one get, {docs} documents', 'ms', { budget: 5, isCharted: true }),
  row('W1.count', 'open until count() is right, {docs}', 'ms', { budget: 5 }),
  row('W1.open.large', 'open and one get, {large} documents', 'ms', { budget: 5, isLarge: true, isCharted: true }),
  row('W1.count.large', 'open until count() is right, {large}', 'ms', { budget: 5, isLarge: true }),
  row('W2.p50', 'durable put, empty database, p50', 'ms', { budget: 0.29, isCharted: true }),
  row('W2.p99', 'durable put, empty database, p99', 'ms'),
  row('W2.p50.full', 'durable put on {docs} documents, p50', 'ms', { budget: 0.29, isCharted: true }),
  row('W2.p99.full', 'durable put on {docs} documents, p99', 'ms'),
  row('W2.burst', '300 puts asked at once, per put', 'ms', { budget: 0.02, isCharted: true }),
  row('W3.rate', 'bulk put of {docs} documents', 'docs/s', { better: 'more', budget: 250_000, isCharted: true }),
  row('W3.rate.large', 'bulk put of {large} documents', 'docs/s', {
    better: 'more', budget: 250_000, isLarge: true, isCharted: true,
  }),
  row('W4.p50', 'get, warm, p50', 'us', { budget: 1.5, isCharted: true }),
  row('W4.mean', 'get, warm, mean', 'us'),
  row('W4.all', 'read all {docs} documents', 'ms', { budget: 10, isCharted: true }),
  row('W5.rate', 'full sync of {docs} documents', 'docs/s', { better: 'more', budget: 150_000, isCharted: true }),
  row('W5.bytes', 'full sync, bytes for a document', 'bytes', { budget: 85, isCharted: true }),
  row('W5.messages', 'full sync, messages', ''),
  row('W6.ms', 'sync of {each} + {each} changes', 'ms', { budget: 5, isCharted: true }),
  row('W6.bytes', 'sync of {each} + {each} changes', 'bytes', { budget: 20_000, isCharted: true }),
  row('W6.messages', 'sync of {each} + {each} changes, messages', ''),
  row('W7.ms', 'sync of {edits} + {edits} conflicting edits', 'ms', { budget: 10, isCharted: true }),
  row('W7.bytes', 'sync of {edits} + {edits} conflicting edits', 'bytes', { budget: 100_000, isCharted: true }),
  row('W7.visible', 'of the {both} values, still to be seen', '', { better: 'more', budget: 1000 }),
  row('W8.ms', 'sync with nothing to sync', 'ms', { budget: 0.4, isCharted: true }),
  row('W8.bytes', 'sync with nothing to sync', 'bytes', { budget: 100, isCharted: true }),
  row('W8.messages', 'sync with nothing to sync, messages', ''),
  row('W8.first.ms', 'the same after a page load', 'ms', { budget: 1, isCharted: true }),
  row('W8.first.bytes', 'the same after a page load', 'bytes', { budget: 100 }),
  row('W9.gzip', 'size, gzip', 'KiB'),
  row('W9.brotli', 'size, brotli', 'KiB', { budget: 80, isCharted: true }),
  row('W10.js', 'memory of the page, {docs} documents read', 'MiB'),
  row('W10.wasm', 'memory of WebAssembly', 'MiB'),
  row('W10.total', 'memory, both', 'MiB', { budget: 5, isCharted: true }),
]

/** What can be asked for with `--only`. */
export const WORKLOADS = ['W0', ...new Set(ROWS.map(({ key }) => workloadOf(key)))]

/** The workload of a row, e.g. `W2`. */
export function workloadOf(key) {
  return key.split('.')[0]
}

/** The row's label with the numbers of documents of a run. */
export function labelOf({ label }, { docs, large }) {
  const number = count => count.toLocaleString('en-US')
  const numbers = { docs, large, each: Math.max(1, docs / 100), edits: docs / 20, both: docs / 10 }
  return label.replaceAll(/\{(\w+)\}/g, (_, name) => number(numbers[name]))
}
