// Tells what an object is, of whichever window it comes: `instanceof` knows only its own. Knows nothing of storing.

const typedArrayName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  Symbol.toStringTag,
)

/** What an object is, as far as storing is concerned. */
export type Kind = 'array' | 'object' | 'date' | 'bytes' | 'other'

/** What the object is. Objects of subclasses are `other`: a copy would not be what they are. */
export function kindOf(object: object): Kind {
  const prototype = Object.getPrototypeOf(object) as object | null
  if (prototype === Object.prototype || prototype === null) return 'object'
  if (Array.isArray(object)) return prototype === Array.prototype || owns(prototype, 'copyWithin') ? 'array' : 'other'
  if (isBytes(object)) return owns(prototype, 'BYTES_PER_ELEMENT') ? 'bytes' : 'other'
  if (timeOf(object) !== undefined) return owns(prototype, 'getTime') ? 'date' : 'other'
  const isObjectPrototype = Object.getPrototypeOf(prototype) === null && owns(prototype, 'isPrototypeOf')
  return isObjectPrototype ? 'object' : 'other'
}

/** The time of a `Date`, `NaN` when it is invalid; `undefined` when the object is no `Date`. */
export function timeOf(object: object): number | undefined {
  try {
    return Date.prototype.getTime.call(object)
  } catch {
    return undefined
  }
}

/** The name of the class that the object is an instance of. */
export function classNameOf(object: object): string {
  const { constructor } = object
  return typeof constructor === 'function' && constructor.name !== '' ? constructor.name.slice(0, 40) : 'some class'
}

function isBytes(object: object): boolean {
  return typedArrayName?.get?.call(object) === 'Uint8Array'
}

function owns(object: object, key: string): boolean {
  return Object.hasOwn(object, key)
}
