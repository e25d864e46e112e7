// A page with a database whose collections merge by policies. It offers the harness what the demo offers. Knows nothing of
// what is claimed.

import { collection, counter, open, set } from '/eyot/index.js'

const fields = { fields: { likes: counter(), tags: set() } }
const collections = {
  notes: collection({ merge: fields }),
  latest: collection({ merge: 'lastWriter' }),
  own: collection({ merge: mergeByOwnFunction }),
}

/** Joins the titles, and cannot merge what somebody has called impossible. */
function mergeByOwnFunction(siblings) {
  const titles = siblings.map((one) => one.value.title).sort()
  if (titles.includes('impossible')) throw new Error('these cannot be merged')
  return { title: titles.join(' and ') }
}

const problems = []
window.addEventListener('error', (event) => {
  problems.push(event.error?.message ?? event.message)
  event.preventDefault()
})

const db = await open('policies', { collections })
const base = localStorage.getItem('field-notes.relay') ?? `ws://${location.host}/v1/sync`
const isOffline = () => localStorage.getItem('offline') !== null
let sync

/** Goes online or offline, and stays so when the page is loaded again. */
function setOnline(online) {
  if (online) localStorage.removeItem('offline')
  else localStorage.setItem('offline', 'yes')
  sync?.stop()
  sync = online ? db.sync(`${base}/policies`) : undefined
}

setOnline(!isOffline())
const status = () => sync?.status.snapshot() ?? { state: 'off', unsent: NaN }
window.fieldNotes = { db, notes: db.collection('notes'), sync: status, setOnline, problems }
