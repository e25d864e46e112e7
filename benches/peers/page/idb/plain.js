// W0: what IndexedDB itself costs in this browser on this machine: the limits of every engine on it. `window.bench` has the
// steps; each gives numbers by name, and the names carry the unit.

import { singleCosts } from './singles.js'
import { bulkCosts, chunkCosts } from './bulk.js'
import { fillForReading, readingCosts } from './reading.js'
import { encodedDocuments } from './documents.js'
import { valueSizeCosts } from './sizes.js'
import { processorCosts, workerCosts } from './around.js'

async function costs({ round }) {
  const documents = encodedDocuments(round)
  const parts = [processorCosts, singleCosts, bulkCosts, chunkCosts, valueSizeCosts, workerCosts]
  const found = {}
  for (const part of parts) Object.assign(found, await part(documents))
  await fillForReading(documents)
  return found
}

/** In a fresh page, in which nothing of it is cached. */
async function reading() {
  return readingCosts()
}

window.bench = { costs, reading }
