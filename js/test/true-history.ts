// The true history of one record: who wrote what, having seen which writes. Says by it what has to be shown where some of it is
// known. Must not know how contents say where their fields come from, nor how the engine keeps what was seen.

/** What a writer does to what it sees. */
export type Change =
  | { readonly kind: 'set'; readonly field: 'title' | 'body'; readonly value: string | undefined }
  | { readonly kind: 'add'; readonly amount: number }
  | { readonly kind: 'insert' | 'remove'; readonly element: string }

export interface Note {
  readonly title?: string | undefined
  readonly body?: string | undefined
  readonly likes: number
  readonly tags: readonly string[]
}

/** The numbers of writes. */
export type Known = ReadonlySet<number>

interface Write {
  readonly seen: Known
  readonly value: Note
  readonly change: Change
  /** The writes that have set a field, and that this one has put an end to, as `field number`. */
  readonly ended: ReadonlySet<string>
}

export const PLAIN = ['title', 'body'] as const

export class TrueHistory {
  readonly #writes: Write[] = []

  /** Somebody who knows so much, and sees that value, changes it. Gives the number of the write. */
  write(seen: Known, shown: Note, change: Change): { readonly number: number; readonly value: Note } {
    const number = this.#writes.length
    const value = changed(shown, change)
    const ended = new Set<string>()
    for (const field of PLAIN) {
      const isSet = value[field] !== shown[field]
      // Who leaves a field in conflict as it is shown decides for that.
      const others = this.settings(seen, field).filter(other => isSet || this.#writes[other]?.value[field] !== shown[field])
      for (const other of others) ended.add(`${field} ${String(other)}`)
      if (isSet || (seen.size === 0 && value[field] !== undefined)) ended.add(`sets ${field}`)
    }
    this.#writes.push({ seen: new Set(seen), value, change: isNothing(shown, change) ? { kind: 'add', amount: 0 } : change, ended })
    return { number, value }
  }

  /** The writes of which none has seen the other. */
  standing(known: Known): readonly number[] {
    return [...known].filter(one => ![...known].some(other => this.#writes[other]?.seen.has(one)))
  }

  /** The values of those, each once. */
  values(known: Known): readonly string[] {
    return [...new Set(this.standing(known).map(number => JSON.stringify(this.#writes[number]?.value)))].sort()
  }

  /** The writes that have set the field, and that nobody known has put an end to. */
  settings(known: Known, field: 'title' | 'body'): readonly number[] {
    const has = (number: number, what: string): boolean => this.#writes[number]?.ended.has(what) === true
    return [...known].filter(one => has(one, `sets ${field}`) && ![...known].some(other => has(other, `${field} ${String(one)}`)))
  }

  /** What may be shown of a plain field; empty: whoever resolved it differently left nobody's value, and all stand again. */
  choices(known: Known, field: 'title' | 'body'): ReadonlySet<string | undefined> {
    return new Set(this.settings(known, field).map(number => this.#writes[number]?.value[field]))
  }

  count(known: Known): number {
    return this.#changes(known).reduce((sum, { change }) => sum + (change.kind === 'add' ? change.amount : 0), 0)
  }

  elements(known: Known): readonly string[] {
    const all = this.#changes(known)
    const isRemoved = (number: number, element: string): boolean => {
      return all.some(({ change, seen }) => change.kind === 'remove' && change.element === element && seen.has(number))
    }
    const inserted = all.filter(({ number, change }) => change.kind === 'insert' && !isRemoved(number, change.element))
    return [...new Set(inserted.map(({ change }) => (change as { element: string }).element))].sort()
  }

  #changes(known: Known): readonly (Write & { readonly number: number })[] {
    return [...known].flatMap(number => {
      const write = this.#writes[number]
      return write === undefined ? [] : [{ ...write, number }]
    })
  }
}

/** Who inserts what is there has inserted nothing, and who removes what is not there has removed nothing. */
function isNothing({ tags }: Note, change: Change): boolean {
  if (change.kind === 'insert') return tags.includes(change.element)
  return change.kind === 'remove' && !tags.includes(change.element)
}

function changed(note: Note, change: Change): Note {
  switch (change.kind) {
    case 'set': {
      const { [change.field]: _, ...rest } = note
      return change.value === undefined ? rest : { ...rest, [change.field]: change.value }
    }
    case 'add':
      return { ...note, likes: note.likes + change.amount }
    case 'insert':
      return note.tags.includes(change.element) ? note : { ...note, tags: [...note.tags, change.element] }
    case 'remove':
      return { ...note, tags: note.tags.filter(tag => tag !== change.element) }
  }
}
