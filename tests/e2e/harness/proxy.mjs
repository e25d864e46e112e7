// A network between page and relay that can be slow, go silent, or break in the middle of a message. Knows bytes only.

import { connect, createServer } from 'node:net'
import { once } from 'node:events'
import { pause } from './wait.mjs'

const unlimited = { bytesPerSecond: Infinity, delayMs: 0 }

export class Proxy {
  /** Listens at a port of its own and carries everything to and from the target port. */
  static async start(targetPort) {
    const proxy = new Proxy(targetPort)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  /** Bytes carried so far. */
  carried = { toRelay: 0, toPage: 0 }
  #targetPort
  #server = createServer((socket) => this.#accept(socket))
  #pace = unlimited
  #refuses = false
  #silent = undefined
  #cut = undefined
  #sockets = new Set()

  constructor(targetPort) {
    this.#targetPort = targetPort
  }

  get port() {
    return this.#server.address().port
  }

  /** The sync endpoint without the database, as the app's settings take it. */
  get syncBase() {
    return `ws://127.0.0.1:${this.port}/v1/sync`
  }

  /** From now on no faster than that, and every piece that much later. */
  slowDown(pace) {
    this.#pace = { ...unlimited, ...pace }
  }

  /** Breaks every connection now; none can be made until `heal`. */
  cut() {
    this.#refuses = true
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  /** Breaks after so many more bytes of one direction ('toRelay' or 'toPage'), most likely inside of a message. */
  cutAfter(bytes, direction) {
    return new Promise((resolve) => {
      this.#cut = { bytes, direction, resolve }
    })
  }

  /** Keeps connections open, also new ones, and lets nothing through until `heal`. */
  goSilent() {
    this.#silent ??= openPromise()
  }

  /** As fast and reliable as it can be. What was held back by silence goes on. */
  heal() {
    this.#refuses = false
    this.#pace = unlimited
    this.#silent?.resolve()
    this.#silent = undefined
  }

  async close() {
    this.cut()
    this.#silent?.resolve()
    this.#server.close()
  }

  #accept(socket) {
    if (this.#refuses) return socket.resetAndDestroy()
    const onward = connect(this.#targetPort, '127.0.0.1')
    for (const end of [socket, onward]) {
      this.#sockets.add(end)
      end.setNoDelay(true)
      // An end that fails is closed as well, and that is all there is to know.
      end.on('error', () => undefined)
      end.once('close', () => this.#sockets.delete(end))
    }
    void this.#carry(socket, onward, 'toRelay')
    void this.#carry(onward, socket, 'toPage')
  }

  async #carry(from, to, direction) {
    try {
      for await (const piece of from) await this.#pass(piece, to, direction)
    } catch {
      // Broken off: the other end is told below.
    }
    to.destroy()
  }

  async #pass(piece, to, direction) {
    const { bytesPerSecond, delayMs } = this.#pace
    const takesMs = delayMs + (1000 * piece.length) / bytesPerSecond
    if (takesMs >= 1) await pause(takesMs)
    while (this.#silent !== undefined) await this.#silent.promise
    const due = this.#cut
    if (due?.direction === direction && due.bytes <= piece.length) {
      this.#cut = undefined
      this.carried[direction] += due.bytes
      await new Promise((resolve) => to.write(piece.subarray(0, due.bytes), resolve))
      this.cut()
      return due.resolve()
    }
    if (due?.direction === direction) due.bytes -= piece.length
    this.carried[direction] += piece.length
    if (!to.write(piece)) await Promise.race([once(to, 'drain'), once(to, 'close')])
  }
}

function openPromise() {
  const parts = {}
  parts.promise = new Promise((resolve) => (parts.resolve = resolve))
  return parts
}
