// The package's public face: what `import ... from 'eyot'` gives. Nothing runs when it is loaded, so that it is safe to
// import on a server.

export { collection } from './definition.js'
export { compare, load } from './engine.js'
export { EyotError } from './errors.js'
export type { EyotErrorCode, EyotErrorOptions } from './errors.js'
export { newId } from './new-id.js'
export { destroy, open } from './open.js'
export type { Comparison } from './shell.js'
export type * from './types/collection.js'
export type * from './types/database.js'
export type * from './types/doc.js'
export type * from './types/live.js'
export type * from './types/notice.js'
export type * from './types/peer.js'
export type * from './types/query.js'
