// Times: the clock, quantiles, and waiting until what came before has settled. Knows nothing of what is timed.

export const now = () => performance.now()

/** The value below which this part of the others lies. */
export function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]
}

export const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))

/** Collects garbage and waits, so that neither is in what is timed next. */
export async function settle(ms = 100) {
  globalThis.gc?.()
  await sleep(ms)
}

/** The milliseconds of each call, one after the other. */
export async function timesOf(count, work) {
  const times = []
  for (let at = 0; at < count; at++) {
    const start = now()
    await work(at)
    times.push(now() - start)
  }
  return times
}

/** The milliseconds that this takes. */
export async function timeOf(work) {
  const start = now()
  await work()
  return now() - start
}
