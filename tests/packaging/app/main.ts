// A plain app that uses the package as its users do: counts its visits in a record, and shows what it reads.

import { collection, compare, EyotError, open } from 'eyot'

interface Visit {
  readonly count: number
  readonly first: Date
  readonly photo: Uint8Array
}

async function visit(): Promise<string> {
  const db = await open('packaging', { collections: { visits: collection<Visit>() } })
  const visits = db.collection('visits')
  const initial = { count: 0, first: new Date(86_400_000), photo: Uint8Array.of(1, 2, 3) }
  await visits.update('me', before => ({ ...before, count: before.count + 1 }), { initial })
  const doc = await visits.get('me')
  if (doc === undefined) return 'nothing was read'
  const { count, first, photo } = doc.value
  return `${count} ${first.toISOString().slice(0, 10)} ${photo.join('')} ${compare(doc.context, doc.context)}`
}

const output = document.querySelector('output')
const result = await visit().catch((error: unknown) => {
  return error instanceof EyotError ? `${error.code}: ${error.message}` : String(error)
})
if (output !== null) output.textContent = result

export {}
