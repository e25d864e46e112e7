// A conflict as it goes on: what a new look at its record makes of what is remembered of it. Pure. Must not know where records
// and conflicts are kept.

import type { ConflictEnd, ConflictEntry, ConflictVersion } from '../types/conflict-history.js'

/** A conflict, and whether its versions still stand beside each other. */
export interface Episode extends ConflictEntry {
  readonly standing: boolean
}

/** A record as it was seen at some time. */
export interface Sight extends Pick<ConflictEntry, 'collection' | 'id' | 'policy' | 'shown' | 'fields'> {
  readonly at: number
  readonly versions: readonly ConflictVersion[]
  /** Whether people have to choose. */
  readonly conflicted: boolean
  /** Whether the last change was made on this device, if that is known. */
  readonly here: boolean | undefined
}

/** What becomes of the record's last conflict; `last` itself where nothing does. A conflict that it has not told of begins anew. */
export function after(last: Episode | undefined, sight: Sight): Episode | undefined {
  if (sight.versions.length < 2) return last?.standing === true ? endedBy(last, sight) : last
  if (last?.standing === true) return goneOn(last, sight)
  // A tab that is behind sees what another one has seen end.
  const isOld = last !== undefined && sight.versions.every(({ version }) => last.versions.some(other => other.version === version))
  return isOld ? last : begun(sight)
}

function begun({ collection, id, at, versions, policy, shown, fields, conflicted }: Sight): Episode {
  const ended = conflicted ? undefined : byPolicy(at)
  return { collection, id, arosAt: at, versions, policy, shown, fields, ended, standing: true }
}

function goneOn(last: Episode, { at, versions, policy, shown, fields, conflicted }: Sight): Episode {
  const more = versions.filter(({ version }) => !last.versions.some(other => other.version === version))
  const ended = conflicted ? undefined : (last.ended ?? byPolicy(at))
  const isSame = more.length === 0 && (last.ended === undefined) === conflicted && last.policy === policy && String(last.fields) === String(fields)
  return isSame ? last : { ...last, versions: [...last.versions, ...more], policy, shown, fields, ended }
}

function endedBy(last: Episode, { at, here, versions: [resolution] }: Sight): Episode {
  // A tab that is behind sees one version of those that have met since.
  if (resolution !== undefined && last.versions.some(({ version }) => version === resolution.version)) return last
  const facts = { ...(here === undefined ? {} : { here }), ...(resolution === undefined ? {} : { resolution }) }
  return { ...last, standing: false, ended: last.ended ?? { by: 'write', at, ...facts } }
}

function byPolicy(at: number): ConflictEnd {
  return { by: 'policy', at }
}
