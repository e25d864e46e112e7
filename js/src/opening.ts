// Opens a database with an engine, whichever that is. Must not know where the engine comes from.

import { OpenDatabase, type DatabaseSettings } from './database.js'
import { checkDefinitions } from './definition.js'
import { toEyotError } from './errors.js'
import { checkName } from './names.js'
import { checkOptions } from './options.js'
import type { Engine, ShellEvent, ShellOptions } from './shell.js'
import type { CollectionDefinitions, Database } from './types/database.js'

/** Options that have been checked. */
export interface CheckedOptions {
  readonly database: DatabaseSettings
  readonly shell: ShellOptions
}

const DEFAULT_RECORD_BYTES = 1 << 20

/** Checks what `open` was given. */
export function checkOpening(name: unknown, options: unknown): CheckedOptions {
  checkName('the name of a database', name)
  checkOptions(options, ['cacheBytes', 'collections', 'keepDeletionsForMs', 'maximumRecordBytes', 'profile', 'wasm'])
  const given = (options ?? {}) as Record<string, unknown>
  const { cacheBytes, collections, keepDeletionsForMs, maximumRecordBytes, profile } = given
  const declared = collections === undefined ? undefined : checkDefinitions(collections)
  const owner = profile === undefined ? undefined : checkProfile(profile)
  const maximumBytes = maximumRecordBytes === undefined ? DEFAULT_RECORD_BYTES : checkBytes('maximumRecordBytes', maximumRecordBytes)
  return {
    database: { declared, maximumBytes, profile: owner },
    shell: {
      ...(cacheBytes === undefined ? {} : { cacheBytes: checkBytes('cacheBytes', cacheBytes) }),
      ...(keepDeletionsForMs === undefined ? {} : { keepDeletionsForMs: checkDuration(keepDeletionsForMs) }),
      maximumRecordBytes: maximumBytes,
      ...(owner === undefined ? {} : { profile: owner }),
    },
  }
}

/** Opens a database with that engine. */
export async function openWith<Definitions extends CollectionDefinitions>(
  engine: Engine,
  name: string,
  options: CheckedOptions,
): Promise<Database<Definitions>> {
  // The engine may tell of changes before it has answered; then there is no database yet, and nobody who has seen anything.
  let database: OpenDatabase | undefined
  const early: ShellEvent[] = []
  const tell = (event: ShellEvent): void => {
    if (database === undefined) early.push(event)
    else database.tell(event)
  }
  try {
    const shell = await engine.open(name, options.shell, tell)
    database = new OpenDatabase(name, shell, options.database)
  } catch (error) {
    throw toEyotError(error)
  }
  for (const event of early) database.tell(event)
  return database as unknown as Database<Definitions>
}

/** The name of a profile, if it can be one. */
export function checkProfile(profile: unknown): string {
  checkName('profile', profile)
  return profile
}

function checkDuration(ms: unknown): number {
  if (typeof ms === 'number' && ms >= 0) return ms
  throw new TypeError('keepDeletionsForMs must be a number of milliseconds, 0 or above')
}

function checkBytes(name: string, bytes: unknown): number {
  if (typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes > 0) return bytes
  throw new TypeError(`${name} must be a whole number above 0`)
}
