// Automerge: one document that is the map of documents, each a nested object.

import { automerge } from '../lib/automerge.js'
import { nested } from '../lib/automerge-values.js'

export default automerge('automerge', nested)
