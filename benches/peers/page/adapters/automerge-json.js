// As automerge.js, but each document is one ImmutableString of JSON text: one register for a document, which is what the
// adapters of Yjs and Loro store too. Whole documents are replaced, fields are not merged.

import { automerge } from '../lib/automerge.js'
import { json } from '../lib/automerge-values.js'

export default automerge('automerge-json', json)
