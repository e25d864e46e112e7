// Lets the page work between two slices of a long task.

interface Scheduler {
  readonly postTask?: (task: () => void) => Promise<void>
}

/** Resolves after the browser has had the chance to paint and to handle input. */
export function yieldToPage(): Promise<void> {
  const { scheduler } = globalThis as { scheduler?: Scheduler }
  // Not `scheduler.yield`: its continuations go before frames that are due.
  if (scheduler?.postTask !== undefined) return scheduler.postTask(() => undefined)
  return new Promise(resolve => {
    // Time-outs of 0 are drawn out to 4 ms when they follow one another; messages are not.
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(undefined)
  })
}
