// What the package uses of `eyot.js`, the module that wasm-bindgen makes. That file is put beside ours by the build; this
// declaration stands in for it, so that the sources can be checked without it.

import type { Engine } from './shell.js'

declare function initialise(input: {
  module_or_path: URL | Response | Promise<Response> | WebAssembly.Module | BufferSource
}): Promise<unknown>

export default initialise
export declare const Shell: Engine
