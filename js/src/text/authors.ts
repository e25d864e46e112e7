// Under which names the characters of shared texts are inserted. Must not know the texts.

// Seven bytes in a stored state, and two of a thousand sessions with a text have the same one less often than once in a
// thousand million texts.
const BITS = 49
const KEPT = 100

/**
 * The names under which this page inserts. A name goes on only from where it was left, so that no two characters ever have the
 * same one: where a write came to nothing, or somebody writes who has not seen the last one, another name is drawn.
 */
export class Authors {
  /** How much was inserted under each; the latest last. */
  readonly #inserted = new Map<number, number>()

  /** A name for the next insertion into a text of which this tells how much each name has inserted. */
  next(insertedBy: (author: number) => number): number {
    for (const [author, inserted] of this.#inserted) if (insertedBy(author) === inserted) return author
    const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2))
    return (high % 2 ** (BITS - 32)) * 2 ** 32 + low
  }

  /** Notes that so much has been inserted under the name. */
  note(author: number, inserted: number): void {
    this.#inserted.delete(author)
    this.#inserted.set(author, inserted)
    if (this.#inserted.size <= KEPT) return
    const [oldest] = this.#inserted.keys()
    if (oldest !== undefined) this.#inserted.delete(oldest)
  }
}

/** The name under which whoever does the same does it, with nobody's having agreed on it: one for each text. */
export function authorOf(text: string): number {
  let [one, other] = [0xdeadbeef, 0x41c6ce57]
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    one = Math.imul(one ^ unit, 2654435761)
    other = Math.imul(other ^ unit, 1597334677)
  }
  one = Math.imul(one ^ (one >>> 16), 2246822507) ^ Math.imul(other ^ (other >>> 13), 3266489909)
  other = Math.imul(other ^ (other >>> 16), 2246822507) ^ Math.imul(one ^ (one >>> 13), 3266489909)
  return ((other >>> 0) % 2 ** (BITS - 32)) * 2 ** 32 + (one >>> 0)
}
