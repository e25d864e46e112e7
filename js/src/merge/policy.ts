// How the versions of a collection's records are merged, as its definition says. Must not know who reads and writes.

import { show } from '../names.js'
import { checkOptions } from '../options.js'
import type { FieldPolicy } from './cell.js'
import { policyOfKind } from './field-kind.js'
import type { FieldPolicies } from './fields.js'

/** A definition's `merge`, checked. */
export type MergePolicy =
  | { readonly kind: 'keep' | 'lastWriter' }
  | { readonly kind: 'fields'; readonly fields: FieldPolicies }
  | { readonly kind: 'function'; readonly merge: (siblings: readonly unknown[]) => unknown }

/** All versions are kept, and people choose. */
export const KEEP: MergePolicy = Object.freeze({ kind: 'keep' })

const POLICY_OF_NAME: Readonly<Record<string, MergePolicy | undefined>> = {
  keep: KEEP,
  lastWriter: { kind: 'lastWriter' },
  fields: { kind: 'fields', fields: new Map() },
}

/** Throws a `TypeError` unless it is a `merge` of a definition. */
export function checkMerge(merge: unknown): MergePolicy {
  if (merge === undefined) return KEEP
  if (typeof merge === 'function') return { kind: 'function', merge: merge as () => unknown }
  if (typeof merge === 'string' && Object.hasOwn(POLICY_OF_NAME, merge)) return POLICY_OF_NAME[merge] ?? KEEP
  if (typeof merge !== 'object' || merge === null) {
    throw new TypeError(`merge must be 'keep', 'lastWriter', 'fields', an object or a function, not ${show(merge)}`)
  }
  checkOptions(merge, ['fields'])
  const { fields } = merge as { fields?: unknown }
  if (typeof fields !== 'object' || fields === null) throw new TypeError('merge.fields must be an object')
  const policies = Object.entries(fields).map(([field, kind]): [string, FieldPolicy] => {
    const policy = policyOfKind(kind)
    if (policy === undefined) throw new TypeError(`merge.fields.${field} must be a kind of field, such as counter() or set()`)
    return [field, policy]
  })
  return { kind: 'fields', fields: new Map(policies) }
}
