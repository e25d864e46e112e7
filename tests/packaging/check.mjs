// Checks the package as its users get it: packs it, installs it into a plain Vite app, type-checks, builds and serves that
// app, and opens it in a browser. Needs js/dist, which `npm run build` in js/ makes. Run: node tests/packaging/check.mjs

import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync } from 'node:zlib'

import { visitTwice } from './browser.mjs'
import { withServer } from './server.mjs'
import { expect, finish, step } from './steps.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const js = fileURLToPath(new URL('../../js/', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'eyot-packaging-'))
const app = join(scratch, 'app')
process.on('exit', () => rmSync(scratch, { recursive: true, force: true, maxRetries: 3 }))

const PACKED = /^(dist\/.+\.(js|d\.ts)|dist\/eyot_bg\.wasm|package\.json|README\.md|LICENSE-(MIT|APACHE))$/
const OUTPUTS = ['1 1970-01-02 123 equal', '2 1970-01-02 123 equal']

function run(command, args, cwd) {
  return execFileSync(command, args, { cwd, stdio: 'pipe', encoding: 'utf8' })
}

function node(script, args, cwd) {
  return run(process.execPath, [script, ...args], cwd)
}

function pack() {
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--silent', '--pack-destination', scratch], js))
  const names = packed.files.map(file => file.path)
  const extra = names.filter(name => !PACKED.test(name))
  if (extra.length > 0) throw new Error(`the package holds what nobody needs: ${extra.join(', ')}`)
  for (const name of ['README.md', 'LICENSE-MIT', 'LICENSE-APACHE', 'dist/index.d.ts']) {
    if (!names.includes(name)) throw new Error(`the package lacks ${name}`)
  }
  return `${names.length} files, ${Math.round(packed.size / 1024)} KiB`
}

function install() {
  cpSync(join(here, 'app'), app, { recursive: true, filter: path => !path.includes('node_modules') })
  run('npm', ['ci', '--no-audit', '--no-fund'], app)
  const tarball = readdirSync(scratch).find(name => name.endsWith('.tgz'))
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund', join(scratch, tarball)], app)
  const { dependencies } = JSON.parse(readFileSync(join(app, 'node_modules/eyot/package.json'), 'utf8'))
  expect(JSON.stringify(dependencies ?? {}), '{}')
}

function importUnderNode() {
  const program = `import('eyot').then(async eyot => {
    const error = await eyot.open('notes').catch(error => error)
    console.log(error instanceof eyot.EyotError, error.code, error.detail.missing.join())
  })`
  expect(run(process.execPath, ['-e', program], app).trim(), 'true unsupported-environment indexedDB')
}

function typeCheck() {
  const compiler = 'node_modules/typescript/bin/tsc'
  node(compiler, ['-p', '.'], app)
  node(compiler, ['-p', '.', '--module', 'nodenext', '--moduleResolution', 'nodenext'], app)
}

function build() {
  node('node_modules/vite/bin/vite.js', ['build'], app)
  const assets = join(app, 'dist/assets')
  const sizes = readdirSync(assets).map(name => {
    const bytes = brotliCompressSync(readFileSync(join(assets, name))).length
    return `${name.replace(/-.*\./, '.')} ${(bytes / 1024).toFixed(1)} KiB`
  })
  if (!sizes.some(size => size.includes('.wasm'))) throw new Error('the build has no WebAssembly')
  return `${sizes.join(', ')} (brotli)`
}

async function visit(command) {
  const outputs = await withServer(app, command, url => visitTwice(app, url))
  expect(outputs.join('\n'), OUTPUTS.join('\n'))
}

const installed =
  (await step('the package holds its files and nothing else', pack)) &&
  (await step('it installs into a plain Vite app, with no dependencies', install))
if (installed) {
  await step('importing it under Node is harmless, and open() says what is missing', importUnderNode)
  await step('its types are right under bundler and nodenext resolution', typeCheck)
  await step('the development server serves it: put, get, reload, get', () => visit([]))
  if (await step('Vite builds it without configuration', build)) {
    await step('the build works: put, get, reload, get', () => visit(['preview']))
  }
}
finish()
