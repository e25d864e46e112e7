// The package's face for React: what `import ... from 'eyot/react'` gives. Depends on React and on nothing else of Eyot
// than its types.

export { useConflicts, useDoc, useLive, useLiveQuery, useSync } from './use-live.js'
export type { RecordsById } from './use-live.js'
export type { LiveHookOptions, Watchable } from './watchable.js'
