// The package's public face: what `import ... from 'eyot'` gives. Nothing runs when it is loaded, so that it is safe to
// import on a server.

export { EyotError } from './errors.js'
export type { EyotErrorCode, EyotErrorOptions } from './errors.js'
export type * from './types/collection.js'
export type * from './types/database.js'
export type * from './types/doc.js'
export type * from './types/live.js'
