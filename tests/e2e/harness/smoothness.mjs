// How long pages were busy at a time: by the clock, as a person has it, and in processor time, which a machine that is
// busy with other things does not make longer. Knows nothing of what the pages do.

import { longestTaskSince, timeOfPage } from './in-page.mjs'

// `toplevel` tells of tasks. By a mark that every watched page makes, its main thread is told from those of others.
const categories = ['toplevel', 'blink.user_timing']
const mark = 'watched-page'
const taskNames = ['ThreadControllerImpl::RunTask', 'RunTask']

/**
 * Begins to watch the main threads of these tabs of a profile. Calling the result gives the longest task since:
 * `clockMs`, 0 if none was over 50 ms, and `processorMs`.
 */
export async function watch(profile, tabs) {
  const { browser } = profile
  const starts = new Map(await Promise.all(tabs.map(async (tab) => [tab, await tab.run(timeOfPage)])))
  await browser.startTracing(undefined, { categories })
  return async (tabsNow = tabs) => {
    for (const tab of tabsNow) await tab.run((name) => void performance.mark(name), mark)
    const clockMs = await Promise.all(tabsNow.map((tab) => tab.run(longestTaskSince, starts.get(tab) ?? 0)))
    const { traceEvents } = JSON.parse(String(await browser.stopTracing()))
    return { clockMs: Math.max(0, ...clockMs), processorMs: longestOfMainThreads(traceEvents) }
  }
}

function longestOfMainThreads(events) {
  const threadOf = ({ pid, tid }) => `${pid}:${tid}`
  const watched = new Set(events.filter(({ name }) => name === mark).map(threadOf))
  const tasks = events.filter((event) => taskNames.includes(event.name) && watched.has(threadOf(event)))
  if (tasks.length === 0) throw new Error('the trace tells of no task of the watched pages')
  return Math.round(tasks.reduce((longest, { tdur = 0 }) => Math.max(longest, tdur), 0) / 1_000)
}

/** In words, e.g. `113 ms, 41 ms of processor time`. */
export function inWords({ clockMs, processorMs }) {
  return `${clockMs === 0 ? 'none over 50 ms' : `${clockMs} ms`}, ${processorMs} ms of processor time`
}
