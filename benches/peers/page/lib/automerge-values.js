// How a document is kept in an Automerge document. Strings are ImmutableString: what its documentation recommends for text
// that nobody edits together.

import { ImmutableString } from '@automerge/automerge/slim'

const immutable = text => new ImmutableString(text)
const plain = text => (typeof text === 'string' ? text : text.val)

/** As a nested object. */
export const nested = {
  encode: document => ({
    ...document,
    id: immutable(document.id),
    title: immutable(document.title),
    body: immutable(document.body),
    tags: document.tags.map(immutable),
  }),
  decode: kept =>
    kept && {
      id: plain(kept.id),
      title: plain(kept.title),
      body: plain(kept.body),
      done: kept.done,
      tags: kept.tags.map(plain),
      n: kept.n,
      updatedAt: kept.updatedAt,
    },
}

/** As JSON text. */
export const json = {
  encode: document => immutable(JSON.stringify(document)),
  decode: kept => kept && JSON.parse(plain(kept)),
}
