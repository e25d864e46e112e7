// Runs before the package is packed: takes the licences in, and refuses to pack what has not been built.

import { copyFileSync, existsSync } from 'node:fs'

const root = new URL('../', import.meta.url)
for (const name of ['dist/index.js', 'dist/index.d.ts', 'dist/eyot.js', 'dist/eyot_bg.wasm']) {
  if (existsSync(new URL(name, root))) continue
  console.error(`${name} is missing: run \`npm run build\` first.`)
  process.exit(1)
}
for (const name of ['LICENSE-MIT', 'LICENSE-APACHE']) copyFileSync(new URL(`../${name}`, root), new URL(name, root))
