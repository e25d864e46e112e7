// Long work in short pieces, so that a key press never waits for a list of 20,000 notes. It knows nothing of notes.

/** How long one piece may take. Half a frame: the page still has time to draw in between. */
const sliceMs = 8

/** Lets the page answer to input and draw, then goes on. */
export function yieldToPage(): Promise<void> {
  if ('scheduler' in globalThis && 'yield' in scheduler) return scheduler.yield()
  return new Promise((resolve) => {
    const channel = new MessageChannel()
    channel.port1.onmessage = () => {
      channel.port1.close()
      resolve()
    }
    channel.port2.postMessage(undefined)
  })
}

/**
 * Calls `step` for every item, with a pause whenever a slice is used up. Short work is done before this returns, so
 * it shows at once. Stops early, and says so by `false`, when `isWanted` no longer holds after a pause.
 */
export function inSlices<Item>(
  items: Iterable<Item>,
  step: (item: Item) => void,
  isWanted: () => boolean = () => true,
): boolean | Promise<boolean> {
  const iterator = items[Symbol.iterator]()
  return runSlice(iterator, step) ? true : finishInSlices(iterator, step, isWanted)
}

async function finishInSlices<Item>(
  iterator: Iterator<Item>,
  step: (item: Item) => void,
  isWanted: () => boolean,
): Promise<boolean> {
  for (;;) {
    await yieldToPage()
    if (!isWanted()) return false
    if (runSlice(iterator, step)) return true
  }
}

/** True when nothing is left. The time is asked for once per few items, since asking is not free. */
function runSlice<Item>(iterator: Iterator<Item>, step: (item: Item) => void): boolean {
  const end = performance.now() + sliceMs
  for (let count = 1; ; count += 1) {
    const next = iterator.next()
    if (next.done === true) return true
    step(next.value)
    if (count % 16 === 0 && performance.now() > end) return false
  }
}
