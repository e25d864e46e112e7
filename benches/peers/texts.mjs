// Libraries that can merge texts, side by side in Node: how large they are in a bundle, how long they take, what they store.
// It is what the choice for `eyot/text` was made by. Measures, and judges nothing. Knows no engine.
//
//   node texts.mjs [rounds]

import { brotliCompressSync } from 'node:zlib'
import * as automerge from '@automerge/automerge'
import { build } from 'esbuild'
import { LoroDoc } from 'loro-crdt'
import * as yjs from 'yjs'
import { COMMON } from './runner/bundle.mjs'
import { harness } from './runner/places.mjs'

const TYPED = 10_000
const EDITS = 1_000
const SCATTERED_WORDS = 20_000
const SCATTERED_LENGTH = 5_000
const LONG_TEXT = 'The heron stands in the reeds. '.repeat(3_300)

/** Every library as functions of its document. `edit` is given a function that inserts and removes. */
const LIBRARIES = {
  yjs: {
    bundled: "export { Doc, applyUpdate, encodeStateAsUpdate } from 'yjs'",
    make: () => new yjs.Doc(),
    edit: (doc, work) => {
      const text = doc.getText('t')
      work((at, inserted) => { text.insert(at, inserted) }, (at, count) => { text.delete(at, count) })
      return doc
    },
    save: doc => yjs.encodeStateAsUpdate(doc),
    load: bytes => {
      const doc = new yjs.Doc()
      yjs.applyUpdate(doc, bytes)
      return doc
    },
    read: doc => doc.getText('t').toString(),
  },
  loro: {
    bundled: "export * from 'loro-crdt/web'; export { default as wasm } from 'loro-crdt/web/loro_wasm_bg.wasm'",
    make: () => new LoroDoc(),
    edit: (doc, work) => {
      const text = doc.getText('t')
      work((at, inserted) => { text.insert(at, inserted) }, (at, count) => { text.delete(at, count) })
      return doc
    },
    save: doc => doc.export({ mode: 'snapshot' }),
    load: bytes => LoroDoc.fromSnapshot(bytes),
    read: doc => doc.getText('t').toString(),
  },
  automerge: {
    bundled: "export { change, from, load, merge, save, splice } from '@automerge/automerge'",
    make: () => automerge.from({ t: '' }),
    edit: (doc, work) => automerge.change(doc, draft => {
      work(
        (at, inserted) => { automerge.splice(draft, ['t'], at, 0, inserted) },
        (at, count) => { automerge.splice(draft, ['t'], at, count) },
      )
    }),
    save: doc => automerge.save(doc),
    load: bytes => automerge.load(bytes),
    read: doc => doc.t,
  },
}

/** How two documents of a library become one. */
const MERGES = {
  yjs: (one, other) => {
    yjs.applyUpdate(one, yjs.encodeStateAsUpdate(other))
    return one
  },
  loro: (one, other) => {
    one.import(other.export({ mode: 'snapshot' }))
    return one
  },
  automerge: (one, other) => automerge.merge(one, other),
}

const rounds = Number(process.argv[2] ?? 3)
const names = Object.keys(LIBRARIES)
const figures = new Map()
for (const name of names) note(name, 'brotli, kB', await bundledKilobytes(LIBRARIES[name].bundled))
for (let round = 0; round < rounds; round++) {
  // The order turns, so that no library always runs in a warm process.
  for (let place = 0; place < names.length; place++) measure(names[(place + round) % names.length])
}
print()

function measure(name) {
  const library = LIBRARIES[name]
  const random = generator(7)
  let typed = library.make()
  const typing = insert => {
    for (let at = 0; at < TYPED; at++) insert(at < TYPED / 2 ? at : random(at), 'x')
  }
  note(name, 'type 10,000 characters, ms', timeOf(() => { typed = library.edit(typed, typing) }))
  const saved = library.save(typed)
  note(name, 'stored, kB', saved.length / 1000)
  const [one, other] = ['a', 'b'].map(letter => library.edit(library.load(saved), insert => {
    for (let count = 0; count < EDITS; count++) insert(random(TYPED), letter)
  }))
  let merged
  note(name, 'merge 1,000 + 1,000, ms', timeOf(() => { merged = MERGES[name](one, other) }))
  if (library.read(merged).length !== TYPED + 2 * EDITS) throw new Error(`${name}: something was lost`)
  const long = library.save(library.edit(library.make(), insert => { insert(0, LONG_TEXT) }))
  note(name, 'open 100 kB, ms', timeOf(() => library.read(library.load(long))))
  note(name, 'scattered history, kB', library.save(library.edit(library.make(), scatter(random))).length / 1000)
}

// Words come and go at random places.
function scatter(random) {
  return (insert, remove) => {
    let length = 0
    for (let count = 0; count < SCATTERED_WORDS; count++) {
      insert(length === 0 ? 0 : random(length), 'word ')
      length += 5
      if (length <= SCATTERED_LENGTH) continue
      remove(random(length - 5), 5)
      length -= 5
    }
  }
}

async function bundledKilobytes(contents) {
  const stdin = { contents, resolveDir: harness }
  const { outputFiles } = await build({ ...COMMON, stdin, conditions: ['browser'], outdir: 'out', write: false })
  return outputFiles.reduce((sum, file) => sum + brotliCompressSync(file.contents).length, 0) / 1000
}

function timeOf(work) {
  const start = performance.now()
  work()
  return performance.now() - start
}

function note(name, row, figure) {
  const cells = figures.get(row) ?? {}
  cells[name] = [...(cells[name] ?? []), figure]
  figures.set(row, cells)
}

function print() {
  const median = list => list.toSorted((one, other) => one - other)[list.length >> 1]
  const shown = [...figures].map(([row, cells]) => [
    row,
    Object.fromEntries(Object.entries(cells).map(([name, list]) => [name, Number(median(list).toFixed(1))])),
  ])
  console.table(Object.fromEntries(shown))
}

function generator(seed) {
  let state = seed
  return below => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
}
