// A text that knows the history of its characters, so that it can be merged with another that has a part of the same history.
// The one place that knows Yjs. Must not know of versions and fields.

import { applyUpdate, Doc, encodeStateAsUpdate, getState, type Text } from 'yjs'

import { authorOf, type Authors } from './authors.js'
import { editBetween, editsBetween, type TextEdit } from './edits.js'
import { packBytes, unpackBytes } from './packed-bytes.js'

/** The state of a text that was inserted as a whole into an empty one, and that can be told from the text. */
export const WHOLE = 0

/** What is stored of a text's history. */
export type TextState = string | typeof WHOLE

// Root types have names. None is shorter.
const ROOT = ''

/** A text with its history. What was deleted is forgotten, but that it was there. */
export class SharedText {
  readonly #doc: Doc
  readonly #text: Text

  private constructor() {
    // Nobody asks for its id; one that is made takes time.
    this.#doc = new Doc({ guid: '' })
    this.#text = this.#doc.getText(ROOT)
  }

  /** That text, with the history of that state. The text goes first: what it has otherwise is a change of the state. */
  static from(text: string, state: TextState): SharedText {
    const shared = new SharedText()
    if (state !== WHOLE) shared.#apply(state)
    const base = shared.value
    const edit = editBetween(base, text)
    // Whoever finds this state beside this text makes the same of it. (The comparison by words may change with its library.)
    if (edit !== undefined) shared.#edit([edit], authorOf(state === WHOLE ? text : `${state}\0${text}`))
    return shared
  }

  /** The text. */
  get value(): string {
    // What is called `toString` there gives the text itself.
    // eslint-disable-next-line @typescript-eslint/no-base-to-string
    return this.#text.toString()
  }

  /** Its state, to be stored. */
  get state(): string {
    return packBytes(encodeStateAsUpdate(this.#doc))
  }

  /** Whether its history began with that text, inserted as a whole. */
  hasBegunWith(text: string): boolean {
    return text !== '' && getState(this.#doc.store, authorOf(text)) >= text.length
  }

  /** Takes in what the other text has. Throws where they do not fit together, which states of this module's making do. */
  merge(other: SharedText): void {
    applyUpdate(this.#doc, encodeStateAsUpdate(other.#doc))
    this.#check()
  }

  /** Makes it that text, as an author of this page. */
  change(text: string, authors: Authors): void {
    const author = authors.next(name => getState(this.#doc.store, name))
    this.#edit(editsBetween(this.value, text), author)
    const inserted = getState(this.#doc.store, author)
    if (inserted > 0) authors.note(author, inserted)
  }

  #apply(state: string): void {
    applyUpdate(this.#doc, unpackBytes(state))
    this.#check()
  }

  #edit(edits: readonly TextEdit[], author: number): void {
    this.#doc.clientID = author
    this.#doc.transact(() => {
      for (const { at, remove, insert } of edits.toReversed()) {
        if (remove > 0) this.#text.delete(at, remove)
        if (insert !== '') this.#text.insert(at, insert)
      }
    })
  }

  /** Throws unless it is all text, and nothing is missing. */
  #check(): void {
    const { pendingStructs, pendingDs } = this.#doc.store
    if (pendingStructs !== null || pendingDs !== null || this.#text.length !== this.value.length) {
      throw new TypeError('not the state of a text')
    }
  }
}
