// What can be asked of a collection: fields and indexes. Types only; knows nothing of how it is answered.

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
