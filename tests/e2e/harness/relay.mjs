// A real relay as a process of its own: started, stopped, killed, frozen. Knows nothing of browsers.

import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { cleanEnvironment, demoFolder, relayProgram } from './environment.mjs'
import { until, within } from './wait.mjs'

const startTimeoutMs = 20_000
const stopTimeoutMs = 20_000
/** Enough of the log to see why something failed. */
const logCharacters = 20_000

export class Relay {
  /** Keeps its address and its data over every restart. Without a secret it is open; without a folder of pages it serves the demo. */
  static async make({ folder, secret, pages = demoFolder() }) {
    return new Relay({ folder, port: await freePort(), secret, pages })
  }

  log = ''
  #flags
  #child
  #ended

  constructor({ folder, port, secret, pages }) {
    this.port = port
    this.#flags = ['serve', '--listen', `127.0.0.1:${port}`, '--data', folder, '--static', pages]
    this.#flags.push(...(secret === undefined ? ['--open'] : ['--jwt-secret', secret]))
  }

  /** The page. */
  get address() {
    return `http://127.0.0.1:${this.port}/`
  }

  /** The sync endpoint without the database, as the app's settings take it. */
  get syncBase() {
    return `ws://127.0.0.1:${this.port}/v1/sync`
  }

  get isRunning() {
    return this.#child !== undefined
  }

  async start() {
    const child = spawn(relayProgram(), this.#flags, { stdio: ['ignore', 'pipe', 'pipe'], env: cleanEnvironment() })
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data) => (this.log = (this.log + data).slice(-logCharacters)))
    }
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message))
      child.once('exit', (code, signal) => resolve(code ?? signal))
    })
    void this.#ended.then(() => (this.#child = undefined))
    await until('the relay is ready', () => this.#isReady(), startTimeoutMs)
    return this
  }

  /** Asks it to end (SIGTERM) and waits for that. Gives its exit code. */
  async stop() {
    this.#child?.kill('SIGTERM')
    return within(stopTimeoutMs, 'the relay ends when it is told to', this.#ended)
  }

  /** Ends it at once (SIGKILL). */
  async kill() {
    this.#child?.kill('SIGKILL')
    await this.#ended
  }

  /** Stops it from running without ending it: sockets stay open and nobody answers. */
  freeze() {
    this.#child?.kill('SIGSTOP')
  }

  thaw() {
    this.#child?.kill('SIGCONT')
  }

  async #isReady() {
    if (this.#child === undefined) throw new Error(`the relay has ended by itself (${await this.#ended})\n${this.log}`)
    return fetch(new URL('readyz', this.address)).then((answer) => answer.ok, () => false)
  }
}

/** A port of this machine that nobody listens at. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.on('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}
