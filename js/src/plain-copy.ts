// Copies values that are nothing but JSON, which nearly all are, and gives up on all others. Must not know what is wrong
// with those: `encode.ts` looks at them again, and says it.

/** Stands for a copy that was not made. */
export const NOT_PLAIN: unique symbol = Symbol('not plain')

// Whatever is larger or deeper than this is looked at with care.
const MAXIMUM_PARTS = 100_000
const MAXIMUM_DEPTH = 100

let room = 0

/**
 * A copy of the value, if it is JSON as it stands: no getters, no holes, no classes. Each part is asked for once, since
 * what answers as it likes (a proxy) may say something else the next time.
 */
export function plainCopy(value: unknown): unknown {
  room = MAXIMUM_PARTS
  return copy(value, 0)
}

function copy(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? value : NOT_PLAIN
    case 'object':
      return value === null ? null : copyObject(value, depth)
    default:
      return NOT_PLAIN
  }
}

function copyObject(object: object, depth: number): unknown {
  if (depth === MAXIMUM_DEPTH) return NOT_PLAIN
  const prototype: unknown = Object.getPrototypeOf(object)
  if (prototype === Object.prototype) return copyProperties(object, depth + 1)
  return prototype === Array.prototype && Array.isArray(object) ? copyItems(object, depth + 1) : NOT_PLAIN
}

function copyItems(items: readonly unknown[], depth: number): unknown {
  const { length } = items
  room -= length
  // Its keys are the items' and `length`, unless there are holes or more.
  if (!(room >= 0) || Reflect.ownKeys(items).length !== length + 1) return NOT_PLAIN
  const copied: unknown[] = []
  for (let index = 0; index < length; index += 1) {
    if (!Object.hasOwn(items, index)) return NOT_PLAIN
    const part = copy(items[index], depth)
    if (part === NOT_PLAIN) return NOT_PLAIN
    copied.push(part)
  }
  return copied
}

function copyProperties(object: object, depth: number): unknown {
  const keys = Reflect.ownKeys(object)
  room -= keys.length
  if (room < 0) return NOT_PLAIN
  const copied: Record<string, unknown> = {}
  for (const key of keys) {
    // Assigned, this one would be the prototype.
    if (typeof key === 'symbol' || key === '__proto__' || !isAscii(key)) return NOT_PLAIN
    const property = Object.getOwnPropertyDescriptor(object, key)
    if (property?.enumerable !== true || property.get !== undefined || property.set !== undefined) return NOT_PLAIN
    const part = copy(property.value, depth)
    if (part === NOT_PLAIN) return NOT_PLAIN
    copied[key] = part
  }
  return copied
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) >= 0x80) return false
  }
  return true
}
