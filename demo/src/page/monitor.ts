// What kept the page busy for longer than 50 ms since it was opened: for scripts that watch over its smoothness.

export interface LongTask {
  /** Milliseconds since the page was opened. */
  readonly start: number
  readonly duration: number
}

const tasks: LongTask[] = []

export function startMonitor(): void {
  if (!PerformanceObserver.supportedEntryTypes.includes('longtask')) return
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) tasks.push({ start: entry.startTime, duration: entry.duration })
  })
  observer.observe({ type: 'longtask', buffered: true })
}

export function longTasks(): readonly LongTask[] {
  return [...tasks]
}
