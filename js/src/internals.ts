// The parts of open databases, for functions of the package that take a database and are not methods of it: whoever does
// not import them does not load them. Not exported to applications.

import type { Parts } from './collection.js'

const known = new WeakMap<object, Parts>()

/** Notes the parts of a database. */
export function keepParts(database: object, parts: Parts): void {
  known.set(database, parts)
}

/** The parts of a database. Throws a `TypeError` when it is none. */
export function partsOf(database: object): Parts {
  const parts = known.get(database)
  if (parts === undefined) throw new TypeError('that is not a database that open() has given')
  return parts
}
