// Schemas of collections: what any validation library gives that keeps to Standard Schema v1. Types only.

/** What a validator has found. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] }

/** Something that a validator complains about. */
export interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** A schema of zod, valibot, arktype or any other library that implements Standard Schema v1. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>
  }
}

/** What is wrong with a value, and where: `['tags', 0]` for `value.tags[0]`. */
export interface SchemaIssue {
  readonly message: string
  readonly path: readonly (string | number)[]
}

/** Functions that bring a value from the version of their number to the next one. They must be pure. */
// `any`: only the application knows what its values once were.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Migrations = Readonly<Record<number, (value: any) => unknown>>
