// Bundles the page with one version of React, and serves it on this machine. Knows nothing of what the page does.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const folder = fileURLToPath(new URL('..', import.meta.url))
const dist = fileURLToPath(new URL('../../../js/dist', import.meta.url))
const HTML = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>hooks</title><div id="root"></div>'
const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm' }

/** Serves the page with that major version of React. Gives its address, and the function that ends it. */
export async function serve(version) {
  const outdir = mkdtempSync(join(tmpdir(), 'eyot-react-'))
  await bundle(version, outdir)
  const server = createServer((request, response) => answer(outdir, request.url, response))
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const end = () => {
    server.close()
    rmSync(outdir, { recursive: true, force: true })
  }
  return { url: `http://127.0.0.1:${server.address().port}/`, end }
}

async function bundle(version, outdir) {
  const suffix = version === 19 ? '' : `-${version}`
  const place = name => join(folder, 'node_modules', name)
  await build({
    entryPoints: [join(folder, 'page/page.js')],
    outdir,
    bundle: true,
    format: 'esm',
    target: 'chrome120',
    logLevel: 'error',
    // The development build: only that mounts twice in StrictMode, and only that warns.
    define: { 'process.env.NODE_ENV': '"development"' },
    alias: {
      'eyot/react': join(dist, 'react/index.js'),
      eyot: join(dist, 'index.js'),
      'react-dom': place(`react-dom${suffix}`),
      react: place(`react${suffix}`),
    },
  })
}

function answer(outdir, url, response) {
  const name = new URL(url, 'http://localhost').pathname
  if (name === '/') {
    response.setHeader('content-type', 'text/html')
    return response.end(`${HTML}<script type="module" src="/page.js"></script>`)
  }
  try {
    const file = name === '/eyot_bg.wasm' ? join(dist, 'eyot_bg.wasm') : join(outdir, name.slice(1).replaceAll('..', ''))
    const bytes = readFileSync(file)
    response.setHeader('content-type', TYPES[/\.\w+$/.exec(name)?.[0]] ?? 'application/octet-stream')
    response.end(bytes)
  } catch {
    response.writeHead(404).end()
  }
}
