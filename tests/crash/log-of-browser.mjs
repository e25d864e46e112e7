// The log that Chromium itself keeps of an IndexedDB database (LevelDB's format), and what a kill leaves at its end.
//
// A kill between two writes of one log record leaves the beginning of that record. Chromium reads over it, as it should.
// But then it goes on writing into the same file, after the torn piece; at the start after that it takes the piece for
// damage in the middle, and deletes all IndexedDB databases of the origin without a word (version 156). That is the
// browser's to mend. So that these tests can claim anything about what they are for, they cut off the torn piece, as the
// browser should, and say how often they did. It is rare: before they did so, two databases were deleted within some 150
// kills; since then, not one log was torn in 260.
//
// Knows nothing of what is stored.

import { existsSync, readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const blockBytes = 32_768
const headerBytes = 7
/** The kinds of a piece of a record. */
const full = 1
const first = 2
const last = 4

/** Where the last record that is whole ends. Anything after it is the beginning of one. */
export function endOfRecords(bytes) {
  let [at, end] = [0, 0]
  for (;;) {
    const left = blockBytes - (at % blockBytes)
    // Too little for a header: filled with zeros, if the next block has begun.
    if (left < headerBytes) at += left
    if (at + headerBytes > bytes.length) return end
    const kind = bytes[at + 6]
    const next = at + headerBytes + bytes.readUInt16LE(at + 4)
    if (kind < full || kind > last || next > bytes.length) return end
    at = next
    if (kind === full || kind === last) end = next
  }
}

/** Whether a record is torn at the end of the log. */
export function isTorn(bytes) {
  return bytes.subarray(endOfRecords(bytes)).some((byte) => byte !== 0)
}

/** Cuts off what a kill has torn, in all logs of IndexedDB in the profile. Gives how many were torn. */
export function mendLogs(profileFolder) {
  const torn = logsOf(profileFolder).filter((file) => isTorn(readFileSync(file)))
  for (const file of torn) truncateSync(file, endOfRecords(readFileSync(file)))
  return torn.length
}

/** Tears the newest log as a kill can: the header of a record is there, and nothing of what it announces. */
export function tearLog(profileFolder) {
  const file = logsOf(profileFolder).filter((name) => name.endsWith('.log')).sort().at(-1)
  const header = Buffer.from([1, 2, 3, 4, 200, 0, full])
  writeFileSync(file, header, { flag: 'a' })
}

/** Whether the mark that the database exists has come to disk. Chromium writes localStorage some seconds late. */
export function isMarked(profileFolder) {
  const folder = join(profileFolder, 'Default', 'Local Storage', 'leveldb')
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => /\.(log|ldb)$/.test(name)) : []
  return files.some((name) => readFileSync(join(folder, name)).includes('eyot:field-notes'))
}

function logsOf(profileFolder) {
  const folder = join(profileFolder, 'Default', 'IndexedDB')
  // Killed before the page had come to open its database.
  if (!existsSync(folder)) return []
  const files = readdirSync(folder, { recursive: true }).filter((name) => /(\.log|MANIFEST-\d+)$/.test(name))
  return files.map((name) => join(folder, name))
}

export const kinds = { full, first, last }
