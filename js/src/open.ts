// The functions that open and destroy databases. Must not know what a database is made of.

import { loadEngine } from './engine.js'
import { toEyotError } from './errors.js'
import { destroyHistory } from './history/place.js'
import { checkName } from './names.js'
import { checkOpening, checkProfile, openWith } from './opening.js'
import { checkOptions } from './options.js'
import type {
  CollectionDefinitions,
  Database,
  DefaultCollections,
  DestroyOptions,
  OpenOptions,
} from './types/database.js'

/**
 * Opens the database of that name on this device, and makes it if there is none. A page may be open in many tabs: all of
 * them open it, and are equal.
 *
 * Rejects with `EyotError` `unsupported-environment` on a server, and with `engine-load-failed` when the WebAssembly
 * cannot be had.
 *
 * @param name - 1 to 64 of `a-z`, `0-9`, `_` and `-`.
 *
 * @example
 * ```ts
 * const db = await open('field-notes', { collections: { notes: collection<Note>(), tags: collection<Tag>() } })
 * await db.collection('notes').put('n1', { title: 'Heron', done: false })
 * ```
 */
export async function open<const Definitions extends CollectionDefinitions = DefaultCollections>(
  name: string,
  options: OpenOptions<Definitions> = {},
): Promise<Database<Definitions>> {
  const checked = checkOpening(name, options)
  return openWith(await loadEngine(options.wasm), name, checked)
}

/**
 * Destroys the database of that name on this device; with `profile` that profile's copy. Other tabs that have it open are told to close theirs. What a relay
 * has of it stays there.
 */
export async function destroy(name: string, options: DestroyOptions = {}): Promise<void> {
  checkName('the name of a database', name)
  checkOptions(options, ['profile', 'wasm'])
  const profile = options.profile === undefined ? undefined : checkProfile(options.profile)
  const engine = await loadEngine(options.wasm)
  try {
    await engine.destroy(name, profile)
    await destroyHistory(name, profile)
  } catch (error) {
    throw toEyotError(error)
  }
}
