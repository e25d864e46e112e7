// Serves the bundles on the loopback, isolated so that the browser tells exact times and memory. Knows no engine.

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' }

/** Starts a server of a folder, and gives its origin and a function that ends it. `instead` replaces files by others. */
export async function serve(folder, instead = () => undefined) {
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp')
    try {
      const bytes = readFileSync(instead(path) ?? join(folder, path === '/' ? 'index.html' : path))
      response.setHeader('Content-Type', TYPES[extname(path)] ?? 'text/html')
      response.end(bytes)
    } catch {
      response.statusCode = 404
      response.end()
    }
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() }
}
