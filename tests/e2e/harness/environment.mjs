// Where the programs under test are. Knows nothing of what they do.

import { existsSync, mkdirSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../../..')
const browsers = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** The relay's program. */
export function relayProgram() {
  const program = process.env.EYOT_RELAY_BIN ?? join(root, 'target/debug/eyot-relay')
  return present(program, 'The relay is missing: build it with `cargo build --package eyot-relay`, or set EYOT_RELAY_BIN.')
}

/** The folder of the built demo. */
export function demoFolder() {
  const folder = process.env.EYOT_DEMO_DIST ?? join(root, 'demo/dist')
  present(join(folder, 'index.html'), 'The demo is missing: build it with `cargo xtask demo --build`, or set EYOT_DEMO_DIST.')
  return folder
}

/** The folder of a page with a database and nothing else. */
export const barePageFolder = join(root, 'tests/e2e/page')

/** The folder of the built package. */
export function packageFolder() {
  const folder = join(root, 'js/dist')
  present(join(folder, 'eyot_bg.wasm'), 'The package is missing: build it with `cargo xtask test --only js`.')
  return folder
}

/** The browser's program. */
export function browserProgram() {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const found = browsers.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path))
  return present(process.env.CHROMIUM ?? found ?? '', 'No Chromium was found: install one, or set CHROMIUM to its path.')
}

/** The folder for screenshots, made if need be; undefined where none are wanted. */
export function screenshotFolder() {
  const folder = process.env.EYOT_SCREENSHOTS
  if (folder === undefined || folder === '') return undefined
  mkdirSync(folder, { recursive: true })
  return folder
}

/** The environment for programs under test: without settings of the relay that somebody may have around. */
export function cleanEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('EYOT_')))
}

function present(path, otherwise) {
  if (!existsSync(path)) throw new Error(otherwise)
  return path
}
