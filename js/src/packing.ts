// Records and writes as they cross the boundary to the engine: as one text, however many they are. The engine's side of it
// is in `src/doc.rs` and `src/writes.rs`. Must not know what the contents mean.

import type { RawDoc, RawVersion } from './shell.js'

/** One write to one record. */
export interface Write {
  readonly collection: string
  readonly id: string
  /** The encoded value; `undefined` deletes. */
  readonly text: string | undefined
  /** `undefined`: the record's present one. */
  readonly context: string | undefined
  /** Dots that the text names by their places. Only with a context. */
  readonly references: readonly string[]
}

/** Versions without references share these. */
const NONE: readonly string[] = Object.freeze([])

const utf8 = new TextEncoder()

/** The writes as one text, in UTF-8. Encoded values have no control characters, so one of these can separate them. */
export function packWrites(writes: readonly Write[]): Uint8Array {
  const parts: string[] = []
  let before = ''
  for (const { collection, id, text, context, references } of writes) {
    parts.push(
      collection === before ? '' : collection,
      escape(id),
      text ?? '',
      context === undefined ? '' : `=${escape(context)}${references.length === 0 ? '' : `\x02${references.join(' ')}`}`,
    )
    before = collection
  }
  return utf8.encode(parts.join('\0'))
}

function escape(text: string): string {
  if (!text.includes('\0') && !text.includes('\x01') && !text.includes('\x02')) return text
  return text.replaceAll('\x01', '\x01b').replaceAll('\0', '\x01a').replaceAll('\x02', '\x01c')
}

/** The dots, or they, the references and who has seen those. */
type Names = string | readonly [dots: string, references: string, seen?: 0 | readonly (readonly number[])[]]

/** Reads records from a text, one after the other. */
export class PackedDocs {
  readonly #head: readonly unknown[]
  readonly #packed: string
  #place = 0
  /** Where the contents that have not been read begin. */
  #rest: number

  constructor(packed: string) {
    const end = packed.indexOf('\n')
    this.#head = JSON.parse(packed.slice(0, end)) as unknown[]
    this.#packed = packed
    this.#rest = end + 1
  }

  /** Whether there is another one. */
  get hasMore(): boolean {
    return this.#place < this.#head.length
  }

  /** The id of the record that comes next, where ids are told. */
  id(): string {
    return this.#next() as string
  }

  /** The next record; `undefined` when there is none. */
  doc(): RawDoc | undefined {
    const context = this.#next() as string | 0 | null
    if (context === null) return undefined
    const pending = this.#next() === 1
    const count = this.#next() as number
    const first = this.#version()
    const versions = [first.version]
    while (versions.length < count) versions.push(this.#version().version)
    return { context: context === 0 ? first.dots : context, conflicted: count > 1, pending, versions }
  }

  #version(): { version: RawVersion; dots: string } {
    const at = this.#next() as number
    const names = this.#next() as Names
    const length = this.#next() as number
    const from = this.#rest
    if (length >= 0) this.#rest += length
    const text = length < 0 ? undefined : this.#packed.slice(from, this.#rest)
    const [dots, references, seen] = typeof names === 'string' ? [names] : names
    const replica = dots.slice(0, dots.indexOf(':'))
    const version = {
      text,
      at,
      replica,
      dots: dots.includes(' ') ? dots.split(' ') : [dots],
      references: references === undefined ? NONE : references.split(' '),
      seen: typeof seen === 'object' ? seen : undefined,
    }
    return { version, dots }
  }

  #next(): unknown {
    const item = this.#head[this.#place]
    this.#place += 1
    return item
  }
}
