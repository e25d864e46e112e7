// What a definition names as the kind of a field: an object that carries how such a field is merged, and shows nothing of it. Must
// not know which kinds there are.

import type { FieldPolicy } from './cell.js'

class FieldKind {
  readonly #policy: FieldPolicy

  constructor(policy: FieldPolicy) {
    this.#policy = policy
    Object.freeze(this)
  }

  static policyOf(kind: unknown): FieldPolicy | undefined {
    return typeof kind === 'object' && kind !== null && #policy in kind ? kind.#policy : undefined
  }
}

/** A kind of field. Applications see it as one of the types that stand for kinds. */
export function fieldKind(policy: FieldPolicy): object {
  return new FieldKind(policy)
}

/** How fields of that kind are merged; `undefined` where it is none. */
export function policyOfKind(kind: unknown): FieldPolicy | undefined {
  return FieldKind.policyOf(kind)
}
