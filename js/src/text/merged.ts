// What comes of one text that two have changed. Must not know who they are.

import { Authors } from './authors.js'
import { SharedText, WHOLE } from './shared-text.js'

/** The text with the changes that were made of it to either of the others. */
export function mergedFrom(base: string, one: string, other: string): string {
  if (one === base || one === other) return other
  if (other === base) return one
  const texts = [one, other].map(changed => {
    const text = SharedText.from(wellFormed(base), WHOLE)
    text.change(wellFormed(changed), new Authors())
    return text
  })
  const [merged, rest] = texts
  if (merged === undefined || rest === undefined) return one
  merged.merge(rest)
  return merged.value
}

/** Texts are stored in UTF-8, which has no half of a pair of surrogates. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd')
}
