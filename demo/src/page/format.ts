// Times, counts and sizes as a person reads them. Pure. Written out by hand where lists need it: the first use of the
// browser's own formatters loads its language data, which holds the page up for longer than a frame.

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const dayMs = 86_400_000

/** A list's short form: the time for today, then the weekday, then the date. */
export function shortTime(atMs: number, nowMs: number): string {
  const at = new Date(atMs)
  const daysAgo = Math.round((startOfDay(nowMs) - startOfDay(atMs)) / dayMs)
  if (daysAgo === 0) return timeText(at)
  if (daysAgo === 1) return 'Yesterday'
  if (daysAgo > 1 && daysAgo < 7) return weekdays[at.getDay()] ?? ''
  return dateText(at, at.getFullYear() !== new Date(nowMs).getFullYear())
}

/** The day and the time, for when it matters. */
export function longTime(atMs: number): string {
  const at = new Date(atMs)
  return `${dateText(at, true)}, ${timeText(at)}`
}

/** 20000 as 20,000. */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',')
}

export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`
  const units = ['kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length, Math.floor(Math.log10(bytes) / 3))
  const amount = bytes / 1000 ** power
  return `${amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${units[power - 1] ?? 'kB'}`
}

function timeText(at: Date): string {
  return `${twoDigits(at.getHours())}:${twoDigits(at.getMinutes())}`
}

function dateText(at: Date, withYear: boolean): string {
  const date = `${at.getDate()} ${months[at.getMonth()] ?? ''}`
  return withYear ? `${date} ${at.getFullYear()}` : date
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0')
}

function startOfDay(atMs: number): number {
  return new Date(atMs).setHours(0, 0, 0, 0)
}
