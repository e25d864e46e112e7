// The documents of W0 in the forms in which they are stored, made once. Knows no database.

import { entries } from '../lib/documents.js'

export const COUNT = 10_000
const encoder = new TextEncoder()

/** Documents with their ids, as objects, as JSON text and as bytes, and an order of them that is no order of keys. */
export function encodedDocuments(round) {
  const list = entries(COUNT)
  const ids = list.map(([id]) => id)
  const objects = list.map(([, document]) => document)
  const texts = objects.map(document => JSON.stringify(document))
  const bytes = texts.map(text => encoder.encode(text))
  const mixed = list.map((_, index) => (index * 7919 + round * 31) % COUNT)
  return { ids, objects, texts, bytes, mixed, round }
}

/** Several documents' bytes in one, so many in each. */
export function chunksOf(bytes, count) {
  const chunks = []
  for (let from = 0; from < bytes.length; from += count) {
    const parts = bytes.slice(from, from + count)
    const chunk = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
    let at = 0
    for (const part of parts) {
      chunk.set(part, at)
      at += part.length
    }
    chunks.push(chunk)
  }
  return chunks
}
