// Waiting, always with an end. Knows nothing of what is waited for.

export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Waits until the function gives something other than `undefined` or `false`, and gives that. */
export async function until(what, ask, timeoutMs = 20_000) {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`)
    await pause(20)
  }
}

/** The promise's result, or an error that says what did not come in time. */
export async function within(timeoutMs, what, promise) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Whether the promise is still undecided after that time. */
export async function staysPending(promise, ms) {
  const undecided = Symbol('undecided')
  const first = await Promise.race([promise.then(() => 'done', () => 'failed'), pause(ms).then(() => undecided)])
  return first === undecided
}
