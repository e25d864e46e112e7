// What a collection demands of its values: validates what is written and what is read, and brings old values up to date.
// Must not know where values come from.

import { decode } from '../decode.js'
import { encode } from '../encode.js'
import { EyotError } from '../errors.js'
import { kindOf } from '../kind.js'
import { NOT_PLAIN, plainCopy } from '../plain-copy.js'
import type { Migrations, SchemaIssue, StandardIssue, StandardSchema } from '../types/schema.js'

/** A value, and the version of the schema with which it was written. */
export interface Versioned {
  readonly value: unknown
  readonly version: number
}

/** The schema of a collection, in its present version. */
export class Shape {
  readonly version: number
  readonly #schema: StandardSchema | undefined
  readonly #migrate: Migrations

  constructor(schema: StandardSchema | undefined, version: number, migrate: Migrations) {
    this.#schema = schema
    this.version = version
    this.#migrate = migrate
  }

  /** The value as the present version has it. Throws what a migration throws. */
  upToDate(value: unknown, version: number): unknown {
    let migrated = value
    for (let from = version; from < this.version; from += 1) migrated = this.#migrate[from]?.(migrated) ?? migrated
    // Whatever the functions have made is held to what can be stored, and frozen.
    return migrated === value ? value : decode(encode(migrated))
  }

  /** What is wrong with a value that was read; `undefined` when nothing is. */
  issuesOf(value: unknown): readonly SchemaIssue[] | undefined {
    try {
      return this.#validate(value).issues
    } catch (error) {
      return [{ message: error instanceof Error ? error.message : String(error), path: [] }]
    }
  }

  /**
   * What to store for the value: the schema's output, and the fields of the present value that the schema does not know: a
   * newer version of the app has written those. Then the value stays one of that version. Throws `EyotError`
   * `schema-invalid` when the value is not valid.
   */
  toStore(record: string, value: unknown, present: Versioned | undefined): Versioned {
    const { issues, output } = this.#validate(value)
    if (issues !== undefined) {
      const [first] = issues
      const place = first === undefined ? '' : `${['value', ...first.path].join('.')}: ${first.message}`
      throw new EyotError('schema-invalid', `${record} is not valid: ${place}`, { detail: { record, issues } })
    }
    const version = Math.max(this.version, present?.version ?? 1)
    return { value: isObject(output) ? { ...this.#unknownOf(present?.value), ...output } : output, version }
  }

  /** The fields of a value that the schema drops. */
  #unknownOf(value: unknown): Record<string, unknown> {
    if (!isObject(value)) return {}
    const { output } = this.#validate(value)
    if (!isObject(output)) return {}
    return Object.fromEntries(Object.entries(value).filter(([name]) => !Object.hasOwn(output, name)))
  }

  #validate(value: unknown): { issues: readonly SchemaIssue[] | undefined; output: unknown } {
    if (this.#schema === undefined) return { issues: undefined, output: value }
    const result = this.#schema['~standard'].validate(unfrozenCopy(value))
    if ('then' in result) {
      // Nobody waits for it: what it comes to must not be an unhandled rejection.
      result.then(undefined, () => undefined)
      throw new TypeError('a schema must validate at once: this one is asynchronous')
    }
    if (result.issues !== undefined) return { issues: Object.freeze(result.issues.map(plain)), output: undefined }
    return { issues: undefined, output: result.value }
  }
}

/** Some libraries change what they validate, and what was read is frozen. */
function unfrozenCopy(value: unknown): unknown {
  const plain = plainCopy(value)
  if (plain !== NOT_PLAIN) return plain
  try {
    return structuredClone(value)
  } catch {
    // No value that can be stored: the schema or the encoding says what is wrong with it.
    return value
  }
}

function plain({ message, path = [] }: StandardIssue): SchemaIssue {
  // Some libraries have arrays of their own kind.
  const steps = Array.from(path, step => (typeof step === 'object' ? step.key : step))
  return Object.freeze({ message, path: Object.freeze(steps.map(step => (typeof step === 'symbol' ? String(step) : step))) })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && kindOf(value) === 'object'
}
