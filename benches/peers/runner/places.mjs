// Where the harness keeps its things. Knows no engine and no browser.

import { join } from 'node:path'

/** The folder of the harness. */
export const harness = join(import.meta.dirname, '..')
/** The root of the repository. */
export const repository = join(harness, '../..')
/** The bundles, one folder for each engine. */
export const dist = join(harness, 'dist')
/** One file for each engine. */
export const adapters = join(harness, 'page/adapters')
