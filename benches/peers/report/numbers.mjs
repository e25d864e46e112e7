// Numbers as text, and medians. Knows no rows.

/** Three digits, more for what is large. */
export function shown(number) {
  if (number === undefined || Number.isNaN(number)) return ''
  const size = Math.abs(number)
  if (size >= 1000) return Math.round(number).toLocaleString('en-US')
  if (size >= 100) return number.toFixed(0)
  if (size >= 10) return number.toFixed(1)
  if (size === 0) return '0'
  return size >= 1 ? number.toFixed(2) : number.toPrecision(2)
}

/** A ratio: `1.2 x`. */
export function times(ratio) {
  return ratio === undefined ? '' : `${ratio >= 10 ? Math.round(ratio) : ratio.toPrecision(2)} x`
}

/** Median, smallest and largest. */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  return { median, least: sorted[0], most: sorted.at(-1), rounds: sorted.length }
}
