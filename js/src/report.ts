// Reports an error that has no caller to go to.

/** Reports the error the way the browser reports an uncaught one. */
export function report(error: unknown): void {
  if (typeof globalThis.reportError === 'function') globalThis.reportError(error)
  else console.error(error)
}
