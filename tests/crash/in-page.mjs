// Functions that run inside the page of the demo, where `window.fieldNotes` is. Each stands alone: it is sent there as
// text and sees nothing else of this file. `window.tellLedger(kind, items)` reaches the ledger outside.

/** Makes `window.crashWriter`, which writes and tells. `life` is a name that no other page has ever had. */
export function installWriter(life) {
  const { db, notes } = window.fieldNotes
  let number = 0
  const unsaved = []
  const describe = ({ title, text }) => ({ name: title, seen: JSON.parse(text.split('\n', 1)[0]) })
  // A write tells what its page had seen of the record: by page, the last of its writes.
  const seenOf = (id) => {
    const seen = {}
    const include = (page, last) => (seen[page] = Math.max(seen[page] ?? 0, last))
    for (const { value } of notes.peek(id)?.siblings ?? []) {
      const { name, seen: before } = describe(value)
      const [, page, last] = /^(.*)-(\d+)$/.exec(name)
      include(page, Number(last))
      for (const [page, last] of Object.entries(before)) include(page, last)
    }
    return seen
  }
  const compose = (id, length) => {
    const text = `${JSON.stringify(seenOf(id))}\n${'x'.repeat(length)}`
    return { title: `${life}-${(number += 1)}`, text, tags: [], done: false }
  }
  const tell = (kind, items) => void window.tellLedger(kind, items)
  const fail = (error) => tell('failed', [String(error?.stack ?? error)])
  const acknowledge = (written) => {
    tell('acknowledged', written.map(([id, value, doc]) => {
      const own = doc?.siblings.find((one) => one.value.title === value.title)
      return { id, version: own?.version, ...describe(value) }
    }))
    unsaved.push(...written.map(([id, value]) => ({ id, name: value.title })))
  }
  const anyId = () => `n${Math.floor(Math.random() * 50)}`
  const writer = {
    async put() {
      const id = anyId()
      const value = compose(id, Math.random() * 200)
      acknowledge([[id, value, await notes.put(id, value)]])
    },
    async batch(count, length) {
      const ids = [...new Set(Array.from({ length: count }, anyId))]
      const values = ids.map((id) => [id, compose(id, length)])
      await db.batch((tx) => values.forEach(([id, value]) => tx.notes.put(id, value)))
      acknowledge(values.map(([id, value]) => [id, value, notes.peek(id)]))
    },
    async save() {
      const writes = unsaved.splice(0)
      await db.saved()
      tell('saved', writes)
    },
    async step() {
      const dice = Math.random()
      if (dice < 0.3) return writer.put()
      if (dice < 0.55) return Promise.all(Array.from({ length: 5 }, writer.put))
      if (dice < 0.7) return writer.batch(20, 200)
      if (dice < 0.8) return writer.batch(40, 6_000) // more than one chunk, which the relay stages
      return void writer.save().catch(fail) // not waited for: writing goes on meanwhile
    },
    /** Writes until the page is gone. */
    async run() {
      try {
        for (;;) {
          await writer.step()
          if (Math.random() < 0.3) await new Promise((resolve) => setTimeout(resolve, Math.random() * 30))
        }
      } catch (error) {
        fail(error)
      }
    },
  }
  window.crashWriter = writer
}

/** Tells of everything that arrives from others. Only what is on disk is shown of them. */
export function tellArrivals(life) {
  window.fieldNotes.notes.subscribe((docs, { ids }) => {
    const changed = ids.map((id) => window.fieldNotes.notes.peek(id)).filter((doc) => doc !== undefined)
    const arrived = changed.flatMap((doc) => doc.siblings.map((one) => ({ id: doc.id, version: one.version, ...one.value })))
    const others = arrived.filter(({ title }) => !title.startsWith(`${life}-`))
    const items = others.map(({ id, version, title, text }) => {
      return { id, version, name: title, seen: JSON.parse(text.split('\n', 1)[0]) }
    })
    if (items.length > 0) void window.tellLedger('arrived', items)
  })
}

/** Every record with the versions that stand there. */
export async function listRecords() {
  const docs = await window.fieldNotes.notes.list()
  return docs.map(({ id, siblings }) => {
    const described = siblings.map(({ version, replica, value: { title, text } }) => {
      return { version, replica, name: title, seen: JSON.parse(text.split('\n', 1)[0]) }
    })
    return { id, siblings: described }
  })
}

/** The sync's last problem, where there is one. */
export function problemOfSync() {
  return window.fieldNotes.sync().error?.code
}

/** The codes of what the database wanted to be known. */
export function noticesOfPage() {
  return window.fieldNotes.db.notices.snapshot().map(({ code }) => code)
}
