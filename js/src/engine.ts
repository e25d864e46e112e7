// Loads the engine's WebAssembly, once for the whole page. Must not know what is done with it.

import initialise, { Shell } from './eyot.js'
import { checkEnvironment } from './environment.js'
import { EyotError, toEyotError } from './errors.js'
import type { Comparison, Engine } from './shell.js'
import type { WasmSource } from './types/database.js'

let loading: Promise<Engine> | undefined
let loaded = false

/** The engine. Loaded by the first call; after a failure the next call tries again. */
export async function loadEngine(source: WasmSource | undefined): Promise<Engine> {
  checkEnvironment()
  loading ??= loadFrom(source ?? new URL('./eyot_bg.wasm', import.meta.url))
  try {
    return await loading
  } catch (error) {
    loading = undefined
    throw error
  }
}

/**
 * Loads the engine before a database is opened, which would do so itself: to have it at hand sooner, or to `compare`
 * without a database.
 *
 * @param wasm - where the WebAssembly comes from. Left out, from `eyot_bg.wasm` beside the package's script.
 */
export async function load(wasm?: WasmSource): Promise<void> {
  await loadEngine(wasm)
}

/**
 * Compares two contexts of a record, and says what taking in the incoming one would mean:
 *
 * - `equal`: they are the same; a duplicate.
 * - `incoming-wins`: the incoming one has seen everything that the local one has, and more.
 * - `local-wins`: the other way round.
 * - `conflict`: each has seen something that the other has not.
 *
 * Needs the engine: throws `EyotError` `engine-not-loaded` before `open()` or `load()` has ended.
 *
 * @example
 * ```ts
 * compare(doc.context, context) // 'conflict', if a is at 5 and 4, and b at 3 and 4
 * ```
 */
export function compare(local: string, incoming: string): Comparison {
  if (!loaded) throw new EyotError('engine-not-loaded', 'await open() or load() before compare()')
  try {
    return Shell.compare(local, incoming)
  } catch (error) {
    throw toEyotError(error)
  }
}

async function loadFrom(source: WasmSource): Promise<Engine> {
  try {
    await initialise({ module_or_path: source instanceof URL ? await fetchWasm(source) : source })
  } catch (error) {
    if (error instanceof EyotError) throw error
    const url = source instanceof URL ? source.href : undefined
    throw new EyotError('engine-load-failed', 'the WebAssembly of Eyot could not be loaded', { cause: error, detail: { url } })
  }
  loaded = true
  return Shell
}

/** The answer, if it can be WebAssembly: a server that does not find the file may well answer with a page. */
async function fetchWasm(url: URL): Promise<Response> {
  const response = await fetch(url)
  const type = response.headers.get('content-type') ?? ''
  if (response.ok && !type.startsWith('text/html')) return response
  const answer = `${String(response.status)} ${type}`
  throw new EyotError('engine-load-failed', `no WebAssembly at ${url.href}, but ${answer}`, {
    detail: { url: url.href, status: response.status, type },
  })
}
