// Joining other replicas over channels: what carries the messages, and how a connection ends.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { PeerChannel } from '../src/types/peer.js'
import type { FakePeer, FakeShell } from './fake-shell.js'
import { openFake, settle } from './setup.js'

class OwnChannel implements PeerChannel {
  readonly sent: Uint8Array[] = []
  closed = false
  onmessage: ((message: Uint8Array) => void) | null = null
  onclose: ((reason?: string) => void) | null = null

  send(message: Uint8Array): void {
    this.sent.push(message)
  }

  close(): void {
    this.closed = true
  }
}

/** One end of a data channel, as far as it is used. What is sent comes out at the other end, later. */
class DataChannel extends EventTarget {
  readonly ordered = true
  readonly maxRetransmits = null
  readonly maxPacketLifeTime = null
  binaryType = 'blob'
  readyState = 'open'
  largest = 0
  other: DataChannel | undefined

  send(part: Uint8Array): void {
    this.largest = Math.max(this.largest, part.length)
    const data = part.slice().buffer
    setImmediate(() => this.other?.dispatchEvent(new MessageEvent('message', { data })))
  }

  close(): void {
    this.readyState = 'closed'
    setImmediate(() => this.other?.dispatchEvent(new Event('close')))
  }

  static pair(): [DataChannel, DataChannel] {
    const [one, other] = [new DataChannel(), new DataChannel()]
    one.other = other
    other.other = one
    return [one, other]
  }
}

function only(shell: FakeShell): FakePeer {
  const [peer] = shell.peers
  assert.ok(peer !== undefined)
  return peer
}

function bytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => at % 251)
}

test('a message port carries messages both ways', async () => {
  const { port1, port2 } = new MessageChannel()
  const [one, other] = [await openFake(), await openFake()]
  const peer = one.db.join(port1, { calls: true })
  other.db.join(port2, { calls: false })
  only(one.shell).send(bytes(3))
  only(other.shell).send(bytes(5))
  await settle()
  assert.deepEqual(only(other.shell).received, [bytes(3)])
  assert.deepEqual(only(one.shell).received, [bytes(5)])
  assert.deepEqual([only(one.shell).calls, only(other.shell).calls], [true, false])
  peer.leave()
  await settle()
  assert.equal(peer.status.snapshot().state, 'left')
  port1.close()
  port2.close()
})

test('a data channel carries messages of any length in parts', async () => {
  const [here, there] = DataChannel.pair()
  const [one, other] = [await openFake(), await openFake()]
  one.db.join(here as unknown as RTCDataChannel, { calls: true })
  other.db.join(there as unknown as RTCDataChannel, { calls: false })
  for (const length of [0, 1, 16_384, 16_385, 100_000]) only(one.shell).send(bytes(length))
  await settle()
  assert.deepEqual(only(other.shell).received.map(message => message.length), [0, 1, 16_384, 16_385, 100_000])
  assert.deepEqual(only(other.shell).received[4], bytes(100_000))
  assert.ok(here.largest <= 16_385)
})

test('messages for a data channel that is not open yet wait for it', async () => {
  const [here, there] = DataChannel.pair()
  here.readyState = 'connecting'
  const [one, other] = [await openFake(), await openFake()]
  one.db.join(here as unknown as RTCDataChannel, { calls: true })
  other.db.join(there as unknown as RTCDataChannel, { calls: false })
  only(one.shell).send(bytes(4))
  await settle()
  assert.deepEqual(only(other.shell).received, [])
  here.readyState = 'open'
  here.dispatchEvent(new Event('open'))
  await settle()
  assert.deepEqual(only(other.shell).received, [bytes(4)])
})

test('a channel that ends, or brings what is no message, ends the connection and says why', async () => {
  const { db } = await openFake()
  const own = new OwnChannel()
  const peer = db.join(own, { calls: true })
  own.onclose?.('the bridge is down')
  assert.deepEqual(peer.status.snapshot().error, { code: 'connection-lost', message: 'the bridge is down' })
  assert.ok(own.closed)
  const [here, there] = DataChannel.pair()
  const second = db.join(here as unknown as RTCDataChannel, { calls: true })
  there.send(Uint8Array.of(7, 1, 2))
  await settle()
  assert.equal(second.status.snapshot().error?.code, 'connection-lost')
  assert.equal(here.readyState, 'closed')
  const { port1, port2 } = new MessageChannel()
  const third = db.join(port1, { calls: true })
  port2.postMessage('text')
  await settle()
  assert.equal(third.status.snapshot().error?.code, 'connection-lost')
  port2.close()
})

test('how a connection stands is told, and it ends with the database', async () => {
  const { db, shell } = await openFake()
  const own = new OwnChannel()
  const peer = db.join(own, { calls: false })
  assert.equal(peer.status.snapshot().state, 'connecting')
  shell.emit({ kind: 'peer', link: 0, status: { state: 'catching-up', received: 1, expected: 9 } })
  assert.deepEqual(peer.status.snapshot(), { state: 'catching-up', received: 1, expected: 9 })
  await peer.caughtUp()
  await db.close()
  assert.equal(peer.status.snapshot().error?.code, 'closed')
  assert.ok(own.closed)
  peer.leave()
  await assert.rejects(peer.caughtUp(), { code: 'closed' })
})

test('what is no channel, or does not say who calls, is a TypeError', async () => {
  const { db } = await openFake()
  for (const channel of [undefined, null, 1, 'wss://relay.example', {}, { send: 1 }]) {
    assert.throws(() => db.join(channel as unknown as PeerChannel, { calls: true }), TypeError)
  }
  for (const options of [undefined, {}, { calls: 1 }, { calls: true, more: 1 }]) {
    assert.throws(() => db.join(new OwnChannel(), options as { calls: boolean }), TypeError)
  }
  const [unordered] = DataChannel.pair()
  Object.assign(unordered, { ordered: false })
  assert.throws(() => db.join(unordered as unknown as RTCDataChannel, { calls: true }), TypeError)
})
