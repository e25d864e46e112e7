// A long sorted list that is cheap to change: chunks of sorted entries. Knows nothing of records.

/** What is sorted: the values of some fields, then the id of their record. */
export type Entry = readonly unknown[]

/** Below 0, 0 or above 0. No two entries of a list are equal. */
export type CompareEntries = (left: Entry, right: Entry) => number

// Putting an entry into a chunk moves the others of it, finding one goes through the list of chunks.
const CHUNK_ENTRIES = 512

/** Entries in order. A position is found, and an entry put in or taken out, in microseconds, however many there are. */
export class SortedEntries {
  readonly #compare: CompareEntries
  readonly #chunks: Entry[][] = []
  #length = 0

  constructor(compare: CompareEntries) {
    this.#compare = compare
  }

  /** How many there are. */
  get length(): number {
    return this.#length
  }

  /** Puts in an entry that is not in it. */
  add(entry: Entry): void {
    this.#length += 1
    const place = this.#chunkFor(other => this.#compare(other, entry) < 0)
    const chunk = this.#chunks[place] ?? this.#chunks.at(-1)
    if (chunk === undefined || (place === this.#chunks.length && chunk.length >= CHUNK_ENTRIES)) {
      this.#chunks.push([entry])
      return
    }
    chunk.splice(partition(chunk, other => this.#compare(other, entry) < 0), 0, entry)
    if (chunk.length <= CHUNK_ENTRIES) return
    const second = chunk.splice(CHUNK_ENTRIES >>> 1)
    this.#chunks.splice(Math.min(place, this.#chunks.length - 1) + 1, 0, second)
  }

  /** Takes out an entry that is in it. */
  remove(entry: Entry): void {
    const place = this.#chunkFor(other => this.#compare(other, entry) < 0)
    const chunk = this.#chunks[place]
    if (chunk === undefined) return
    this.#length -= 1
    chunk.splice(partition(chunk, other => this.#compare(other, entry) < 0), 1)
    if (chunk.length === 0) this.#chunks.splice(place, 1)
  }

  /** How many entries are before a place. The function must say `true` of those before it and `false` of all others. */
  rank(isBefore: (entry: Entry) => boolean): number {
    const place = this.#chunkFor(isBefore)
    let rank = 0
    for (let index = 0; index < place; index += 1) rank += this.#chunks[index]?.length ?? 0
    const chunk = this.#chunks[place]
    return chunk === undefined ? rank : rank + partition(chunk, isBefore)
  }

  /** How many entries are before this one. */
  rankOf(entry: Entry): number {
    return this.rank(other => this.#compare(other, entry) < 0)
  }

  /** The entries from one position to before another. */
  slice(from: number, to: number): Entry[] {
    const found: Entry[] = []
    let skipped = 0
    for (const chunk of this.#chunks) {
      if (skipped >= to) break
      if (skipped + chunk.length > from) found.push(...chunk.slice(Math.max(0, from - skipped), to - skipped))
      skipped += chunk.length
    }
    return found
  }

  /** The first chunk with an entry of which the function says `false`. */
  #chunkFor(isBefore: (entry: Entry) => boolean): number {
    return partition(this.#chunks, chunk => {
      const last = chunk.at(-1)
      return last !== undefined && isBefore(last)
    })
  }
}

/** How many items at the beginning are of the kind that all items before a certain place are. */
function partition<Item>(items: readonly Item[], isBefore: (item: Item) => boolean): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBefore(items[middle] as Item)) low = middle + 1
    else high = middle
  }
  return low
}
