// Times and sizes as a person reads them. Pure but for the reader's locale.

const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'short' })
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const fullDay = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' })
const fullTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

/** A list's short form: the time for today, then the weekday, then the date. */
export function shortTime(atMs: number, nowMs: number): string {
  const at = new Date(atMs)
  const daysAgo = Math.round((startOfDay(nowMs) - startOfDay(atMs)) / 86_400_000)
  if (daysAgo === 0) return time.format(at)
  if (daysAgo === 1) return 'Yesterday'
  if (daysAgo > 1 && daysAgo < 7) return weekday.format(at)
  return at.getFullYear() === new Date(nowMs).getFullYear() ? day.format(at) : fullDay.format(at)
}

export function longTime(atMs: number): string {
  return fullTime.format(new Date(atMs))
}

export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`
  const units = ['kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length, Math.floor(Math.log10(bytes) / 3))
  const amount = bytes / 1000 ** power
  return `${amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${units[power - 1] ?? 'kB'}`
}

function startOfDay(atMs: number): number {
  return new Date(atMs).setHours(0, 0, 0, 0)
}
