// The channels that applications join replicas with, as one kind: something that carries whole messages in order. Must not
// know what the messages say.

import { show } from './names.js'
import type { PeerChannel } from './types/peer.js'

/** What a channel tells. */
export interface ChannelListener {
  /** A message has come. */
  received(message: Uint8Array): void
  /** The channel has ended by itself. */
  ended(reason: string): void
}

/** A channel that is listened to. */
export interface OpenChannel {
  /** True where fewer bytes are worth the work of compressing them. */
  readonly compresses: boolean
  send(message: Uint8Array): void
  close(): void
}

// Browsers take 256 KiB in one message of a data channel, some less; more than this at once delays what is beside it.
const PART_BYTES = 16 * 1024
// No message of the protocol is longer; somebody who sends more is not spoken to.
const LONGEST_BYTES = 16 * 1024 * 1024

/** Listens to a channel, whatever it is. Throws a TypeError for what is none. */
export function openChannel(channel: unknown, listener: ChannelListener): OpenChannel {
  if (isPort(channel)) return overPort(channel, listener)
  if (isDataChannel(channel)) return overDataChannel(channel, listener)
  if (isPeerChannel(channel)) return overOwn(channel, listener)
  throw new TypeError(`a channel is a MessagePort, an RTCDataChannel, or has send() and close(); not ${show(channel)}`)
}

function isPort(channel: unknown): channel is MessagePort {
  return typeof (channel as MessagePort | null)?.postMessage === 'function' && typeof (channel as MessagePort).start === 'function'
}

function isDataChannel(channel: unknown): channel is RTCDataChannel {
  return typeof (channel as RTCDataChannel | null)?.binaryType === 'string' && 'ordered' in (channel as RTCDataChannel)
}

function isPeerChannel(channel: unknown): channel is PeerChannel {
  return typeof (channel as PeerChannel | null)?.send === 'function' && typeof (channel as PeerChannel).close === 'function'
}

function overPort(port: MessagePort, listener: ChannelListener): OpenChannel {
  port.addEventListener('message', (event: MessageEvent<unknown>) => {
    if (event.data instanceof Uint8Array) listener.received(event.data)
    else fail(channel, listener, 'the other side has sent something that is no message')
  })
  // Not every browser says so; where it does not, the silence is noticed.
  port.addEventListener('close', () => { listener.ended('the other side has closed its port') })
  const channel: OpenChannel = {
    // It leads to another page of the same device.
    compresses: false,
    send: message => { port.postMessage(message, [message.buffer]) },
    close: () => { port.close() },
  }
  port.start()
  return channel
}

function overOwn(own: PeerChannel, listener: ChannelListener): OpenChannel {
  own.onmessage = message => { listener.received(message) }
  own.onclose = reason => { listener.ended(reason ?? 'the channel has ended') }
  return {
    compresses: true,
    send: message => { own.send(message) },
    close: () => {
      own.onmessage = null
      own.onclose = null
      own.close()
    },
  }
}

/** Over a data channel a message goes in parts, each with one byte before it: 1 if more follow. */
function overDataChannel(data: RTCDataChannel, listener: ChannelListener): OpenChannel {
  if (!data.ordered || data.maxRetransmits !== null || data.maxPacketLifeTime !== null) {
    throw new TypeError('a data channel must be ordered and reliable, as it is when nothing else is asked for')
  }
  data.binaryType = 'arraybuffer'
  const parts = new Parts()
  data.addEventListener('message', (event: MessageEvent<unknown>) => {
    if (!(event.data instanceof ArrayBuffer)) {
      fail(channel, listener, 'the other side has sent something that is no message')
      return
    }
    try {
      const message = parts.add(new Uint8Array(event.data))
      if (message !== undefined) listener.received(message)
    } catch (error) {
      fail(channel, listener, error instanceof Error ? error.message : 'a message cannot be put together')
    }
  })
  data.addEventListener('close', () => { listener.ended('the data channel has ended') })
  const early: Uint8Array[] = []
  data.addEventListener('open', () => { for (const message of early.splice(0)) sendParts(data, message) })
  const channel: OpenChannel = {
    compresses: true,
    send: message => {
      if (data.readyState === 'connecting') early.push(message)
      else sendParts(data, message)
    },
    close: () => { data.close() },
  }
  return channel
}

function sendParts(data: RTCDataChannel, message: Uint8Array): void {
  for (let at = 0; at < message.length || at === 0; at += PART_BYTES) {
    const piece = message.subarray(at, at + PART_BYTES)
    const part = new Uint8Array(piece.length + 1)
    part[0] = at + PART_BYTES < message.length ? 1 : 0
    part.set(piece, 1)
    data.send(part)
  }
}

/** The parts of a message that is not complete. */
class Parts {
  #parts: Uint8Array[] = []
  #bytes = 0

  /** The message, if this is its last part. */
  add(part: Uint8Array): Uint8Array | undefined {
    const [more] = part
    if (more !== 0 && more !== 1) throw new TypeError('a part of a message begins with 0 or 1')
    this.#bytes += part.length - 1
    if (this.#bytes > LONGEST_BYTES) throw new RangeError(`a message is longer than ${String(LONGEST_BYTES)} bytes`)
    this.#parts.push(part.subarray(1))
    if (more === 1) return undefined
    const message = new Uint8Array(this.#bytes)
    let at = 0
    for (const piece of this.#parts) {
      message.set(piece, at)
      at += piece.length
    }
    this.#parts = []
    this.#bytes = 0
    return message
  }
}

function fail(channel: OpenChannel, listener: ChannelListener, reason: string): void {
  channel.close()
  listener.ended(reason)
}
