// Runs the steps of a check one after the other, says what each one checks, and what was wrong.

let failures = 0

/** Runs a step. Returns whether it succeeded; what it returns as text is said beside it. */
export async function step(claim, run) {
  const begun = Date.now()
  try {
    const remark = await run()
    console.log(`ok      ${claim} (${Date.now() - begun} ms)${typeof remark === 'string' ? `: ${remark}` : ''}`)
    return true
  } catch (error) {
    failures += 1
    console.log(`FAILED  ${claim}`)
    const output = [error.message, error.stdout, error.stderr].filter(Boolean).join('\n')
    console.log(output.replace(/^/gm, '        '))
    return false
  }
}

/** Ends the process: with 0 when every step has succeeded. */
export function finish() {
  console.log(failures === 0 ? 'packaging: all is well' : `packaging: ${failures} failed`)
  process.exit(failures === 0 ? 0 : 1)
}

/** Throws unless both are the same text. */
export function expect(actual, expected) {
  if (actual !== expected) throw new Error(`expected ${expected}\nbut got  ${actual}`)
}
