// Makes ids for records that have none of their own. Knows nothing of records.

let lastMilliseconds = 0
let lastCounter = 0

/**
 * A new id: a UUID of version 7. Ids sort by the time they were made, those of one page even within a millisecond, so
 * that a collection in the order of its ids is in the order of its making.
 *
 * @example
 * ```ts
 * const id = newId() // '0197e8a0-3c5f-7001-9d2b-6f0d1c9f7a11'
 * await notes.put(id, note)
 * ```
 */
export function newId(): string {
  const random = crypto.getRandomValues(new Uint8Array(8))
  const now = Date.now()
  if (now > lastMilliseconds) {
    lastMilliseconds = now
    lastCounter = 0
  } else if (lastCounter < 0xfff) {
    lastCounter += 1
  } else {
    // More than 4,096 in a millisecond, or a clock that was set back: borrow from the future.
    lastMilliseconds += 1
    lastCounter = 0
  }
  random[0] = ((random[0] ?? 0) & 0x3f) | 0x80
  const tail = Array.from(random, byte => byte.toString(16).padStart(2, '0')).join('')
  const time = lastMilliseconds.toString(16).padStart(12, '0')
  const counter = lastCounter.toString(16).padStart(3, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter}-${tail.slice(0, 4)}-${tail.slice(4)}`
}
