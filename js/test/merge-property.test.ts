// What replicas show, whatever they know, is what a model says that knows the true history of each field.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { Merger } from '../src/merge/merger.js'
import { checkMerge } from '../src/merge/policy.js'
import { counter, set } from '../src/merge/kinds.js'
import { text } from '../src/text/index.js'
import { Model, valueOf, type Change, type Known } from './merge-model.js'

const CASES = Number(process.env.EYOT_MERGE_CASES ?? 1_500)
const REPLICAS = ['a', 'b', 'c']

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    kind: fc.constant('set' as const),
    field: fc.constantFrom('title' as const, 'body' as const),
    value: fc.option(fc.nat(3), { nil: undefined, freq: 5 }),
  }),
  fc.record({ kind: fc.constant('add' as const), amount: fc.integer({ min: -3, max: 5 }) }),
  fc.record({ kind: fc.constantFrom('insert' as const, 'remove' as const), element: fc.constantFrom('x', 'y', 'z') }),
  // What is inserted is so many characters that were never there before.
  fc.record({
    kind: fc.constant('type' as const),
    at: fc.nat(8),
    remove: fc.oneof(fc.constant(0), fc.nat(4)),
    insert: fc.nat(3).map(count => ' '.repeat(count)),
  }),
)
const replica = fc.nat(REPLICAS.length - 1)
const step = fc.oneof(
  // `old`: written by somebody who had read so many states ago.
  { weight: 3, arbitrary: fc.record({ do: fc.constant('write' as const), replica, change, old: fc.option(fc.nat(5), { freq: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('send' as const), replica, to: replica }) },
)

test('any replica that knows the same shows the same, and what the true history of each field comes to', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 2, maxLength: 30 }), steps => {
      const merge = checkMerge({ fields: { n: counter(), tags: set(), text: text() } })
      const merger = new Merger(() => ({ merge, shape: undefined }))
      const model = new Model(merger)
      const states: Known[] = REPLICAS.map(() => new Set())
      // A form goes on with what its own user has seen.
      const forms: { replica: number; known: Known }[] = []
      const texts = new Map<string, string>()
      let at = 0
      for (const action of steps) {
        const here = states[action.replica] ?? new Set()
        if (action.do === 'send') {
          states[action.to] = new Set([...(states[action.to] ?? []), ...here])
        } else {
          const own = forms.filter(form => form.replica === action.replica)
          const old = action.old === null || own.length === 0 ? undefined : own[action.old % own.length]
          const known = old?.known ?? here
          at += 1
          const after = model.write(REPLICAS[action.replica] ?? '', known, unique(action.change, at), at % 7)
          states[action.replica] = new Set([...here, ...after])
          forms.push({ replica: action.replica, known: after })
        }
        check(model, states[action.replica] ?? new Set(), texts)
      }
      check(model, new Set(states.flatMap(known => [...known])), texts)
    }),
    { numRuns: CASES },
  )
})

/** Characters of one unit and of two, which no other change inserts. */
function unique(given: Change, at: number): Change {
  if (given.kind !== 'type') return given
  const characters = Array.from(given.insert).map((_, index) => String.fromCodePoint((index % 2 === 0 ? 0x4e00 : 0x20000) + at * 4 + index))
  return { ...given, insert: characters.join('') }
}

function check(model: Model, known: Known, texts: Map<string, string>): void {
  if (known.size === 0) return
  const { value, conflicts } = model.shown(known)
  assert.equal(value.n, model.count(known))
  assert.deepEqual(value.tags, model.elements(known))
  const shown = value.text as string
  assert.deepEqual(Array.from(shown).sort(), model.characters(known))
  assert.ok(!conflicts.includes('text'))
  // Who has merged what, and in which order, leaves no trace: only the changes of the text do.
  const typed = model.typed(known)
  assert.equal(shown, texts.get(typed) ?? shown)
  texts.set(typed, shown)
  for (const field of ['title', 'body'] as const) {
    const live = model.liveSets(known, field)
    // Two that have decided a conflict otherwise than each other have left nobody's value; then all stand again.
    if (live.length === 0) continue
    const values = new Set(live.map(valueOf))
    assert.equal(conflicts.includes(field), values.size > 1, `${field} of ${[...known].join(' ')}: ${String([...values])}`)
    assert.ok(values.has(value[field]), `${field} is ${String(value[field])}, and should be one of ${String([...values])}`)
  }
}
