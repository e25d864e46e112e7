// How large Eyot is in an application: bundled and minified as an application's bundler does it, part by part. Fails when
// the whole is over the budget. Knows nothing of what the parts do.
//
//   node size.mjs --budget BYTES    the bytes, compressed with brotli, that all of it may have

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { COMMON, weigh } from './runner/bundle.mjs'
import { repository } from './runner/places.mjs'

const CUSTOM_SECTION = 0
const SECTIONS = {
  1: 'types',
  2: 'imports',
  3: 'functions',
  4: 'tables',
  5: 'memories',
  6: 'globals',
  7: 'exports',
  9: 'elements',
  10: 'code',
  11: 'data',
  12: 'data count',
}

const dist = join(repository, 'js/dist')
const { values } = parseArgs({ options: { budget: { type: 'string' } } })
const budget = Number(values.budget)
if (!Number.isSafeInteger(budget)) throw new Error('--budget takes a number of bytes')

const glue = ['./eyot.js']
const wasm = readFileSync(join(dist, 'eyot_bg.wasm'))
const whole = [weigh('JavaScript', await bundled('index.js', [])), weigh('WebAssembly', wasm)]
const total = Object.fromEntries(['raw', 'gzip', 'brotli'].map(kind => [kind, whole[0][kind] + whole[1][kind]]))

print('', { raw: 'raw', gzip: 'gzip', brotli: 'brotli' })
print('JavaScript', whole[0])
print('  of it the facade', weigh('facade', await bundled('index.js', glue)))
print('  of it in an app of open() alone', weigh('facade', await bundled('index.js', glue, '{ collection, open }')))
print('  of it what wasm-bindgen made', weigh('glue', await bundled('eyot.js', [])))
print('WebAssembly', whole[1])
for (const [name, bytes] of sections(wasm)) print(`  of it ${name}`, weigh(name, bytes))
print('all', total)
console.log(`The parts compress less well alone. Budget: ${budget} bytes of brotli, ${(budget / 1024).toFixed(1)} KiB.`)
if (total.brotli > budget) {
  console.error(`Too large: ${total.brotli - budget} bytes over the budget.`)
  process.exitCode = 1
}

/** `names`: what an application imports of the file, where it does not import all. */
async function bundled(file, external, names = '*') {
  const stdin = { contents: `export ${names} from './${file}'`, resolveDir: dist }
  const made = await build({ ...COMMON, stdin, external, outdir: 'unwritten', write: false })
  return made.outputFiles[0].contents
}

/** The sections of a WebAssembly module, the larger ones by name. */
function* sections(module) {
  let at = 8
  while (at < module.length) {
    const id = module[at]
    const [length, start] = variableLength(module, at + 1)
    const name = id === CUSTOM_SECTION ? `custom section ${customName(module, start)}` : (SECTIONS[id] ?? `section ${id}`)
    yield [name, module.subarray(start, start + length)]
    at = start + length
  }
}

function customName(module, start) {
  const [length, from] = variableLength(module, start)
  return new TextDecoder().decode(module.subarray(from, from + length))
}

/** An unsigned LEB128 number, and where it ends. */
function variableLength(bytes, start) {
  let [value, shift, at] = [0, 0, start]
  for (;;) {
    const byte = bytes[at++]
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) return [value, at]
    shift += 7
  }
}

function print(name, { raw, gzip, brotli }) {
  const cells = [raw, gzip, brotli].map(cell => (typeof cell === 'number' ? cell.toLocaleString('en-US') : cell).padStart(10))
  console.log(`${name.padEnd(32)}${cells.join('')}`)
}
