// What can be asked of a collection, and what it answers. Types only; knows nothing of how it is answered.

import type { CollectionChange, Storable } from './collection.js'
import type { Doc } from './doc.js'
import type { Live } from './live.js'

/** A value without parts. */
export type Scalar = null | boolean | number | string | bigint | Date | Uint8Array

// How many levels of objects a path goes through, so that types that contain themselves come to an end.
type Levels = [never, 0, 1, 2, 3, 4]

type PathsOf<Value, Level extends number> = Value extends Scalar | readonly unknown[]
  ? never
  : Value extends object
    ? {
        [Name in keyof Value & string]-?:
          | Name
          | (Level extends 0 ? never : `${Name}.${PathsOf<Value[Name], Levels[Level]>}`)
      }[keyof Value & string]
    : never

/**
 * The names of the fields of a collection's values: `'done'`, or `'address.city'` for a field of a field, up to five
 * names. Of a value of which nothing is known, any text.
 */
export type FieldPath<Value> = unknown extends Value ? string : PathsOf<Value, 4>

/** The fields of an index: one, or several, of which the first one sorts first. */
export type IndexFields<Value = unknown> = FieldPath<Value> | readonly [FieldPath<Value>, ...FieldPath<Value>[]]

/** The type of the field of that path. Where values are of several shapes, of those that have it. */
export type FieldValue<Value, Path extends string> = unknown extends Value
  ? unknown
  : Value extends Scalar | readonly unknown[]
    ? never
    : Path extends `${infer Name}.${infer Rest}`
      ? Name extends keyof Value
        ? FieldValue<Value[Name], Rest>
        : never
      : Path extends keyof Value
        ? Value[Path]
        : never

type Known<Value> = unknown extends Value ? Storable : NonNullable<Value>
type Ranged<Value> = Extract<Known<Value>, number | bigint | string | Date | Uint8Array>
type Prefixed<Value> = [Extract<Known<Value>, string>] extends [never] ? never : string
type ItemOf<Value> = Known<Value> extends infer Some ? (Some extends readonly (infer Item)[] ? Item : never) : never

/** What can be demanded of a field, beside being equal to a value. Of several operators, all must hold. */
export interface FieldConditions<Value = unknown> {
  /** Equal: the same value, part by part. `null` also finds records that lack the field. */
  readonly eq?: Known<Value> | null
  /** Not equal, or not there. */
  readonly ne?: Known<Value> | null
  /** Equal to one of them. */
  readonly in?: readonly (Known<Value> | null)[]
  /** Equal to none of them. */
  readonly notIn?: readonly (Known<Value> | null)[]
  /** Greater, and of the same kind: numbers (of both types), dates, texts by code point, bytes. */
  readonly gt?: Ranged<Value>
  /** Greater or equal. */
  readonly gte?: Ranged<Value>
  /** Less. */
  readonly lt?: Ranged<Value>
  /** Less or equal. */
  readonly lte?: Ranged<Value>
  /** A text that begins with this one. */
  readonly prefix?: Prefixed<Value>
  /** An array of which an item is equal. */
  readonly contains?: ItemOf<Value>
}

/**
 * Conditions on fields, of which all must hold: each a value that the field must equal, or an object of operators.
 *
 * `{ done: false, title: { prefix: 'H' }, 'address.city': { in: ['Oslo', 'Bergen'] } }`
 */
export type Where<Value = unknown> = {
  readonly [Path in FieldPath<Value>]?:
    | Extract<Known<FieldValue<Value, Path>>, Scalar>
    | null
    | FieldConditions<FieldValue<Value, Path>>
}

/** A field to sort by, `'asc'` if nothing else is said: `'title'`, or `{ updatedAt: 'desc' }`. */
export type OrderBy<Value = unknown> = FieldPath<Value> | Readonly<Partial<Record<FieldPath<Value>, 'asc' | 'desc'>>>

/** What to ask a collection. */
export interface QueryOptions<Value = unknown> {
  /** Which records: those for which all conditions hold. Several such objects: those for which one of them holds. */
  readonly where?: Where<Value> | readonly Where<Value>[]
  /**
   * In which order: by a field, or by several, the first one first. Records that are equal in all of them come in the order
   * of their ids, ascending or descending as the last field does; without fields, by id alone.
   *
   * Values of all kinds have an order: missing or `null`, `false`, `true`, numbers and bigints by what they amount to, dates,
   * texts by code point, bytes, arrays, objects.
   */
  readonly orderBy?: OrderBy<Value> | readonly OrderBy<Value>[]
  /** At most so many rows. */
  readonly limit?: number
  /** Without so many at the beginning. */
  readonly offset?: number
}

/** What is different from the previous call of a query's listener. `ids` has all rows that are named below. */
export interface QueryChange extends CollectionChange {
  /** The ids of rows that have come into the window, in their order. */
  readonly added: readonly string[]
  /** The ids of rows that have left it. */
  readonly removed: readonly string[]
  /** The ids of rows that have another place among those that stay. Without them, these are in the same order as before. */
  readonly moved: readonly string[]
  /** The ids of rows whose record has changed. */
  readonly changed: readonly string[]
}

/** How a query is answered. */
export interface QueryPlan {
  /** The ranges of indexes in which the rows are looked for; `undefined`: among all records. */
  readonly ranges: readonly { readonly index: readonly string[]; readonly range: string }[] | undefined
  /** Whether the index is read from its end. */
  readonly backwards: boolean
  /** What each record is tested for; `undefined` when the ranges leave nothing to test. */
  readonly filter: string | undefined
  /** By what the rows are sorted; `undefined` when the index has their order. */
  readonly sort: string | undefined
  /** How many records, or entries of the index where that is the answer, were looked at for this query so far. */
  readonly looked: number
  /** The same as text. */
  readonly text: string
}

/** How many records match a query, kept up to date; `undefined` until it is known. */
export interface LiveCount extends Live<number | undefined> {
  /** The number, when it is known. */
  get(): Promise<number>
}

/**
 * The rows of a query, kept up to date. There are none until all have been found; then `loaded` is true. Rows of records
 * that have not changed are the same objects, and so is the array when no row has changed.
 */
export interface LiveQuery<Value> extends Live<readonly Doc<Value>[], QueryChange> {
  /** Whether all rows have been found. Until then there are none. */
  readonly loaded: () => boolean
  /** The rows, when all have been found. */
  get(): Promise<readonly Doc<Value>[]>
  /** How many records match, without `limit` and `offset`. */
  count(): LiveCount
  /** How the query is answered: by which index, and what is left to test and to sort. */
  explain(): QueryPlan
}
