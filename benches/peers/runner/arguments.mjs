// What is measured, from the command line. Knows which engines and rows there are, not what they do.

import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { WORKLOADS } from '../report/rows.mjs'
import { adapters, dist } from './places.mjs'

/** Plain IndexedDB, the limit of what an engine on it can do. They are measured whatever peers are asked for. */
export const BASELINES = ['raw-idb', 'raw-idb-strict', 'raw-idb-chunked']
/** The engine that all others are compared with. */
export const OURS = 'eyot'

const PEERS = [
  'dexie',
  'pouchdb-idb',
  'pouchdb-indexeddb',
  'rxdb-dexie',
  'yjs',
  'automerge',
  'automerge-json',
  'automerge-repo',
  'loro',
  'tinybase',
]

const OPTIONS = {
  only: { type: 'string' },
  peers: { type: 'string' },
  rounds: { type: 'string', default: '5' },
  docs: { type: 'string', default: '10000' },
  large: { type: 'string', default: '50000' },
  out: { type: 'string', default: join(dist, 'latest.json') },
  report: { type: 'string' },
  wasm: { type: 'string' },
  write: { type: 'boolean', default: false },
  profile: { type: 'boolean', default: false },
}

/** The options with their defaults. Throws when something is asked for that there is not. */
export function options() {
  const { values } = parseArgs({ options: OPTIONS })
  const numbers = Object.fromEntries(['rounds', 'docs', 'large'].map(name => [name, number(name, values[name])]))
  const engines = values.profile && values.peers === undefined ? [OURS] : enginesFor(values.peers)
  return {
    ...numbers,
    engines,
    workloads: workloadsFor(values.only),
    out: resolve(values.out),
    report: values.report,
    wasm: values.wasm,
    write: values.write,
    profile: values.profile,
  }
}

function number(name, text) {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} takes a number, not ${text}`)
  return value
}

function enginesFor(list) {
  const there = readdirSync(adapters).map(file => file.replace(/\.js$/, ''))
  const peers = list === undefined ? PEERS : list.split(',').filter(name => name !== '')
  for (const name of peers) {
    if (!there.includes(name)) throw new Error(`no adapter ${name}; there are ${there.join(', ')}`)
  }
  return [...new Set([OURS, ...BASELINES, ...peers])]
}

function workloadsFor(list) {
  if (list === undefined) return WORKLOADS
  const asked = list.split(',')
  for (const name of asked) {
    if (!WORKLOADS.includes(name)) throw new Error(`no row ${name}; there are ${WORKLOADS.join(', ')}`)
  }
  return asked
}
