// Opens databases on the engine in memory, for tests.

import { checkOpening, openWith } from '../src/opening.js'
import type { CollectionDefinitions, Database, DefaultCollections, OpenOptions } from '../src/types/database.js'
import { FakeEngine, type FakeShell } from './fake-shell.js'

export interface Note {
  readonly title: string
  readonly done?: boolean
}

export async function openFake<const Definitions extends CollectionDefinitions = DefaultCollections>(
  options: OpenOptions<Definitions> = {},
): Promise<{ db: Database<Definitions>; shell: FakeShell }> {
  const engine = new FakeEngine()
  const db = await openWith<Definitions>(engine, 'test', checkOpening('test', options))
  if (engine.shell === undefined) throw new Error('the engine has opened nothing')
  return { db, shell: engine.shell }
}

/** Lets everything that waits for a microtask or a message happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await new Promise(resolve => setImmediate(resolve))
}

/** Lets the microtasks happen. */
export async function tick(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
}
