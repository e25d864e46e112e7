// The stored text of a value (with the blanks that number its schema's version) and, behind it, where its fields come from.
// Must not know what is done with that.

/** Divides the value from what stands behind it. No JSON has it. */
const DIVIDER = '\x1e'

/**
 * Where a field comes from: the place of a reference, -1 for the version itself, or parts, each with the place of its
 * reference and what the field's policy says of it. No parts: no write has set it, but a migration.
 */
export type Source = number | readonly (readonly [place: number, ...data: unknown[]])[]

/** Where the fields of a value come from. A field that is named, and not in the value, was deleted. */
export interface Sources {
  /** That of every field that is not named. */
  readonly rest: number
  readonly fields: ReadonlyMap<string, Source>
}

/** The version itself has set all that it has. */
export const OWN = -1

const ALL_OWN: Sources = Object.freeze({ rest: OWN, fields: new Map<string, Source>() })

/** The text of the value alone, with the mark of its version. */
export function plainText(text: string): string {
  const end = text.indexOf(DIVIDER)
  return end < 0 ? text : text.slice(0, end)
}

/** Where the fields of the value come from. What is not understood is taken for the version's own. */
export function readSources(text: string): Sources {
  const end = text.indexOf(DIVIDER)
  if (end < 0) return ALL_OWN
  try {
    const [rest, fields] = JSON.parse(text.slice(end + 1)) as unknown[]
    if (!isPlace(rest) || typeof fields !== 'object' || fields === null) return ALL_OWN
    return { rest, fields: new Map(Object.entries(fields).map(([name, source]) => [name, readSource(source)])) }
  } catch {
    return ALL_OWN
  }
}

/** The text of a value and where its fields come from. */
export function withSources(text: string, { rest, fields }: Sources): string {
  if (rest === OWN && fields.size === 0) return text
  return `${text}${DIVIDER}${JSON.stringify([rest, Object.fromEntries(fields)])}`
}

function readSource(source: unknown): Source {
  if (isPlace(source)) return source
  const isPart = (part: unknown): boolean => Array.isArray(part) && isPlace(part[0])
  return Array.isArray(source) && source.every(isPart) ? (source as Source) : OWN
}

function isPlace(place: unknown): place is number {
  return typeof place === 'number' && Number.isInteger(place) && place >= OWN
}
