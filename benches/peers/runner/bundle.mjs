// Bundles the page and every adapter, one bundle each as an application would, and weighs them. Knows no browser.

import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { adapters, dist, harness } from './places.mjs'

/** How an application is bundled. */
export const COMMON = {
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'chrome120',
  platform: 'browser',
  legalComments: 'none',
  logLevel: 'error',
  loader: { '.wasm': 'file' },
  define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
  assetNames: '[name]-[hash]',
}

/**
 * Bundles all, and gives the bytes of each engine: raw, gzip and brotli, of its JavaScript and its WebAssembly. With
 * `named` the functions keep their names, for profiles.
 */
export async function bundle(engines, { named }) {
  rmSync(dist, { recursive: true, force: true })
  mkdirSync(dist, { recursive: true })
  const pages = { page: 'page/page.js', plain: 'page/idb/plain.js', 'plain.worker': 'page/idb/plain.worker.js' }
  const entryPoints = Object.fromEntries(Object.entries(pages).map(([name, file]) => [name, join(harness, file)]))
  await build({ ...COMMON, entryPoints, outdir: dist })
  writePage('index.html', 'page.js')
  writePage('plain.html', 'plain.js')
  const sizes = {}
  for (const name of engines) sizes[name] = await bundleEngine(name, named)
  return sizes
}

function writePage(file, script) {
  const head = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>bench</title>'
  writeFileSync(join(dist, file), `${head}<script type="module" src="${script}"></script>`)
}

async function bundleEngine(name, named) {
  const outdir = join(dist, name)
  const worker = join(adapters, `${name}.worker.js`)
  const entryPoints = { adapter: join(adapters, `${name}.js`), ...(existsSync(worker) ? { worker } : {}) }
  await build({ ...COMMON, minify: !named, entryPoints, outdir, plugins: [versions] })
  return readdirSync(outdir).map(file => weigh(file, readFileSync(join(outdir, file))))
}

/** The bytes of a file: raw, gzip and brotli. */
export function weigh(file, bytes) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
  return {
    kind: file.endsWith('.wasm') ? 'wasm' : 'js',
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, { params }).length,
  }
}

/** `import v from 'versions:a,b'` gives `{ a: '1.2.3', b: ... }` as installed, without bundling their package.json. */
const versions = {
  name: 'versions',
  setup(builder) {
    builder.onResolve({ filter: /^versions:/ }, ({ path }) => ({ path: path.slice(9), namespace: 'versions' }))
    builder.onLoad({ filter: /.*/, namespace: 'versions' }, ({ path }) => {
      const installed = path.split(',').map(name => [name, versionOf(name)])
      return { loader: 'json', contents: JSON.stringify(Object.fromEntries(installed)) }
    })
  },
}

function versionOf(name) {
  return JSON.parse(readFileSync(join(harness, 'node_modules', name, 'package.json'), 'utf8')).version
}
