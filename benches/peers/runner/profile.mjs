// Profiles of the steps of a cell: which functions the page's main thread was in. Knows no engine.

const INTERVAL_US = 100
const SHOWN = 25

/** The same function that opens pages, but every step of these pages is profiled and printed. */
export function profiled(open) {
  return async path => {
    const opened = await open(path)
    const devtools = await opened.page.context().newCDPSession(opened.page)
    await devtools.send('Profiler.enable')
    await devtools.send('Profiler.setSamplingInterval', { interval: INTERVAL_US })
    const step = async (name, parameters, limitMs) => {
      await devtools.send('Profiler.start')
      const answer = await opened.step(name, parameters, limitMs)
      const { profile } = await devtools.send('Profiler.stop')
      print(name, profile)
      return answer
    }
    return { ...opened, step }
  }
}

function print(step, profile) {
  const times = selfTimes(profile)
  const idleMs = times.get('(idle)')?.ms ?? 0
  times.delete('(idle)')
  const found = [...times].sort(([, a], [, b]) => b.ms - a.ms)
  const kinds = new Map()
  for (const [, { kind, ms }] of found) kinds.set(kind, (kinds.get(kind) ?? 0) + ms)
  const parts = [...kinds].map(([kind, ms]) => `${kind} ${ms.toFixed(1)}`).join(', ')
  console.log(`\n  ${step}: ${parts}, idle ${idleMs.toFixed(1)} ms`)
  for (const [name, { ms }] of found.slice(0, SHOWN)) console.log(`    ${ms.toFixed(2).padStart(9)} ms  ${name}`)
}

/** Function -> its kind, and the milliseconds in it and not in what it calls. */
function selfTimes({ nodes, samples, timeDeltas }) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, { name: nameOf(callFrame), kind: kindOf(callFrame) }]))
  const times = new Map()
  samples.forEach((id, at) => {
    const { name, kind } = frames.get(id)
    const known = times.get(name) ?? { kind, ms: 0 }
    known.ms += timeDeltas[at] / 1000
    times.set(name, known)
  })
  return times
}

function kindOf({ functionName, url }) {
  if (functionName === '(garbage collector)') return 'garbage'
  if (url === '') return 'browser'
  if (url.includes('.wasm')) return 'WebAssembly'
  return url.endsWith('adapter.js') ? 'engine’s JavaScript' : 'harness'
}

function nameOf({ functionName, url, lineNumber, columnNumber }) {
  if (url === '') return functionName
  if (url.includes('.wasm')) return `${functionName} (wasm)`
  return `${functionName || '(anonymous)'} ${url.split('/').at(-1)}:${lineNumber + 1}:${columnNumber + 1}`
}
