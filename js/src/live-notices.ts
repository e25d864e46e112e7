// What the engine wants the application to know, to be watched, and the same in sentences. Must not know how it came about.

import { LiveState } from './live-state.js'
import type { RawNotice } from './shell.js'
import type { Notice, NoticeCode, NoticesChange } from './types/notice.js'

// A record in which the same thing is found again and again must not fill the memory.
const MAXIMUM_NOTICES = 100

const MESSAGES: Readonly<Record<NoticeCode, string>> = {
  'replica-forked':
    'This is a copy of another device, or was set back to an earlier state. It goes on as a device of its own; nothing is lost.',
  'dot-collision':
    'Two copies of one device have written the same records without knowing of each other. Both versions were kept, as a conflict.',
  'storage-lost':
    'The browser no longer has what was stored on this device. It begins anew; what had been sent comes back when it syncs.',
}

/** All notices of an open database, the oldest first. */
export class LiveNotices extends LiveState<readonly Notice[], NoticesChange> {
  #notices: readonly Notice[] = Object.freeze([])
  #untold: Notice[] = []

  readonly snapshot = (): readonly Notice[] => this.#notices

  /** The engine has something to say. */
  add(raw: RawNotice): void {
    const notice = makeNotice(raw)
    this.#notices = Object.freeze([...this.#notices, notice].slice(-MAXIMUM_NOTICES))
    this.#untold = [...this.#untold, notice].slice(-MAXIMUM_NOTICES)
    this.announce()
  }

  /** There will be no more. */
  finish(): void {
    this.end()
  }

  protected change(first: boolean): NoticesChange {
    // Others still wait to be told; the only listener is told everything now.
    if (first && this.listenerCount > 1) return { added: this.#notices }
    const added = first ? this.#notices : this.#untold
    this.#untold = []
    return { added }
  }
}

function makeNotice({ code, records, savedAt }: RawNotice): Notice {
  const named = records.map(([collection, id]) => Object.freeze({ collection, id }))
  const message = MESSAGES[code]
  const known = { code, message, at: Date.now(), records: Object.freeze(named) }
  return Object.freeze(savedAt === undefined ? known : { ...known, savedAt })
}
