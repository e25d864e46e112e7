// Looks whether this is a place where Eyot can work: a window or a worker of a browser.

import { EyotError } from './errors.js'

/** Throws `EyotError` `unsupported-environment`, with what is missing, where Eyot cannot work. */
export function checkEnvironment(): void {
  const missing = ['indexedDB', 'WebAssembly', 'crypto'].filter(name => !has(name))
  if (missing.length === 0) return
  throw new EyotError('unsupported-environment', `Eyot needs a browser: there is no ${missing.join(', no ')} here`, {
    detail: { missing },
  })
}

function has(name: string): boolean {
  try {
    return Boolean((globalThis as Record<string, unknown>)[name])
  } catch {
    // Some browsers throw where a page may not use its storage.
    return false
  }
}
