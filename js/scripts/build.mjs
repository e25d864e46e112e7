// Builds the package: compiles the TypeScript to dist/ and puts the engine beside it.

import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const ENGINE_FILES = ['eyot.js', 'eyot.d.ts', 'eyot_bg.wasm']
const root = new URL('../', import.meta.url)
const dist = new URL('dist/', root)
const engine = new URL('../pkg/', root)

rmSync(dist, { recursive: true, force: true })
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc')
execFileSync(process.execPath, [compiler, '-p', fileURLToPath(new URL('tsconfig.json', root))], { stdio: 'inherit' })

const missing = ENGINE_FILES.filter(name => !existsSync(new URL(name, engine)))
if (missing.length > 0) {
  console.error(`dist/ has the types and the facade, but not the engine: pkg/ lacks ${missing.join(', ')}.`)
  console.error('Run `cargo xtask wasm` at the root of the repository first.')
  process.exit(1)
}
for (const name of ENGINE_FILES) copyFileSync(new URL(name, engine), new URL(name, dist))
