// Serves the app with Vite, for as long as a function needs it.

import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'

const START_TIMEOUT_MS = 30_000

/** Serves the app (`[]`: development server, `['preview']`: what was built) while the function runs with its address. */
export async function withServer(app, command, run) {
  const port = await freePort()
  const vite = join(app, 'node_modules/vite/bin/vite.js')
  const options = ['--host', '127.0.0.1', '--port', String(port), '--strictPort']
  const server = spawn(process.execPath, [vite, ...command, ...options], { cwd: app, stdio: 'pipe' })
  let said = ''
  for (const stream of [server.stdout, server.stderr]) stream.on('data', data => (said += data))
  try {
    const url = `http://127.0.0.1:${port}/`
    await untilServed(url, () => server.exitCode ?? server.signalCode)
    return await run(url)
  } catch (error) {
    error.message += `\n${said}`
    throw error
  } finally {
    server.kill()
  }
}

async function untilServed(url, ended) {
  const deadline = Date.now() + START_TIMEOUT_MS
  for (;;) {
    if (ended() !== null) throw new Error('the server has ended by itself')
    const served = await fetch(url).then(answer => answer.ok, () => false)
    if (served) return
    if (Date.now() > deadline) throw new Error('the server does not answer')
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.on('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}
