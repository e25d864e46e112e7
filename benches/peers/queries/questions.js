// What is asked of every engine, and the documents that it is asked of. Knows no engine.

import { documentOf } from '../page/lib/documents.js'

/** So many different kinds of documents there are. */
export const KINDS = 4
/** The newest of one kind: a condition, an order by another field, and the first fifty. */
export const NEWEST = 50
/** A hundredth of all numbers. */
export const RANGE = 1000

/** Document `index`, with a field that a quarter of the documents have in common. IndexedDB has no index of booleans. */
export function queried(index) {
  const document = documentOf(index)
  return { ...document, kind: document.n % KINDS }
}

/** The ids of the answer to `{ kind }` or `{ from }`, by filtering and sorting. */
export function answer(documents, question) {
  const byId = (left, right) => (left.id < right.id ? -1 : 1)
  if (question.kind !== undefined) {
    const found = documents.filter(({ kind }) => kind === question.kind)
    found.sort((left, right) => right.updatedAt - left.updatedAt || byId(right, left))
    return found.slice(0, NEWEST).map(({ id }) => id)
  }
  const found = documents.filter(({ n }) => n >= question.from && n < question.from + RANGE)
  return found.sort((left, right) => left.n - right.n || byId(left, right)).map(({ id }) => id)
}

/** Of a question's rows in any order, the answer's. For engines that find without an index but do not sort. */
export const sorted = (rows, question) => {
  const ids = answer(rows, question)
  const byId = new Map(rows.map(row => [row.id, row]))
  return ids.map(id => byId.get(id))
}
