// The whole database as a file, out and in. What is in the file is Eyot's business; merging it loses nothing.
import type { Database } from 'eyot'

export async function exportToFile(db: Pick<Database, 'export'>, now: Date): Promise<void> {
  const bytes = await db.export()
  const url = URL.createObjectURL(new Blob([bytes.slice()], { type: 'application/octet-stream' }))
  const link = document.createElement('a')
  link.href = url
  link.download = `field-notes-${now.toISOString().slice(0, 10)}.eyot`
  link.click()
  // The download has taken the bytes by then; an address that is never let go keeps them in memory.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/** Resolves with the number of notes that changed. */
export async function importFromFile(db: Pick<Database, 'import'>, file: Blob): Promise<number> {
  return db.import(new Uint8Array(await file.arrayBuffer()))
}
