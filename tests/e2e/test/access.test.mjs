// A relay that asks for tokens: what it refuses is said with its code and kept, and a better token makes good for it.

import assert from 'node:assert/strict'
import { enterToken } from '../harness/app.mjs'
import { putEach } from '../harness/in-page.mjs'
import { noteOf } from '../harness/notes.mjs'
import { mintToken, newSecret } from '../harness/token.mjs'
import { pause, until } from '../harness/wait.mjs'
import { claim } from '../harness/world.mjs'

const hour = 3_600

async function guardedRelay(world) {
  const secret = newSecret()
  const mint = (grants, seconds = hour) => mintToken(secret, grants, seconds)
  return { relay: await world.relay({ secret }), mint }
}

function untilRefused(tab, code) {
  return tab.until(`the sync is refused as ${code}`, (wanted) => window.fieldNotes.sync().error?.code === wanted, code)
}

claim('a_refused_token_is_told_with_its_code_and_a_good_one_is_taken', async (world) => {
  const { relay, mint } = await guardedRelay(world)
  const tab = await (await world.profile('guest', relay.address)).open()
  await tab.run(putEach, [['n1', noteOf('Heron')]])
  for (const [token, code] of [
    ['nonsense', 'unauthenticated'],
    [mintToken(newSecret(), { '*': 'write' }, hour), 'unauthenticated'],
    [mint({ '*': 'write' }, -10), 'token-expired'],
    [mint({ 'other-notes': 'write' }), 'forbidden'],
  ]) {
    await enterToken(tab, token)
    await untilRefused(tab, code)
    const { state, unsent, error } = await tab.status()
    assert.deepEqual([state, unsent, error.message !== '', error.retryAt > 0], ['waiting', 1, true, true])
    assert.equal(await tab.page.getByTestId('sync').getAttribute('data-error'), code)
  }
  await tab.shot('refused')
  await enterToken(tab, mint({ 'field-notes': 'write' }))
  await tab.untilSettled()
})

/** Syncs with tokens of these lifetimes in seconds, the last one for ever after; `undefined` is a failure to give one. */
async function syncWith(world, { relay, mint }, lifetimes) {
  const tab = await (await world.profile('renewing', relay.address, { sync: 'off' })).open()
  let minted = 0
  await tab.page.exposeFunction('mint', () => {
    const seconds = lifetimes[Math.min(minted, lifetimes.length - 1)]
    minted += 1
    if (seconds === undefined) throw new Error('no token now')
    return mint({ 'field-notes': 'write' }, seconds)
  })
  await tab.run((base) => {
    window.sync = window.fieldNotes.db.sync(`${base}/field-notes`, { token: () => window.mint() })
    window.codes = []
    window.sync.status.subscribe((status) => window.codes.push(status.error?.code ?? status.state))
  }, relay.syncBase)
  await tab.until('the first token is taken', () => window.sync.status.snapshot().state === 'live')
  return { tab, mintedSoFar: () => minted, states: async () => [...new Set(await tab.run(() => window.codes))] }
}

const isSettled = () => window.sync.status.snapshot().state === 'live' && window.sync.status.snapshot().unsent === 0

claim('a_token_is_renewed_before_it_expires_and_the_connection_goes_on', async (world, t) => {
  const { tab, mintedSoFar, states } = await syncWith(world, await guardedRelay(world), [4, 4, 4, hour])
  await until('three tokens have been renewed', () => mintedSoFar() === 4, 60_000)
  await tab.run(() => window.codes.splice(0))
  await tab.run(putEach, [['n1', noteOf('Heron')]])
  await tab.until('it is sent', isSettled)
  // The first three have expired by now, and nobody has come to end the connection.
  await pause(5_000)
  await tab.run(putEach, [['n2', noteOf('Dipper')]])
  await tab.until('it is sent', isSettled)
  const seen = await states()
  t.diagnostic(`states: ${seen.join(', ')}`)
  assert.deepEqual(seen.filter((state) => state !== 'live' && state !== 'catching-up'), [], 'it was connected all the time')
  assert.equal(mintedSoFar(), 4)
})

claim('a_token_that_could_not_be_renewed_is_replaced_after_it_has_expired', async (world, t) => {
  const { tab, mintedSoFar, states } = await syncWith(world, await guardedRelay(world), [3, undefined, hour])
  await tab.until('it expires', () => window.codes.includes('token-expired'))
  await tab.run(putEach, [['n1', noteOf('Heron')]])
  await tab.lookAgain()
  await tab.until('a new one is taken', isSettled)
  t.diagnostic(`states: ${(await states()).join(', ')}`)
  assert.equal(mintedSoFar(), 3)
})

claim('a_reader_may_not_write_and_keeps_what_it_wrote', async (world) => {
  const { relay, mint } = await guardedRelay(world)
  const writer = await (await world.profile('writer', relay.address, { token: mint({ '*': 'write' }) })).open()
  await writer.run(putEach, [['n1', noteOf('Heron')]])
  await writer.untilSettled()
  const reader = await (await world.profile('reader', relay.address, { token: mint({ '*': 'read' }) })).open()
  await reader.untilLevelWith(writer)
  assert.equal(await reader.count(), 1)

  await reader.run(putEach, [['n2', noteOf('Kingfisher')]])
  await untilRefused(reader, 'read-only')
  const doc = await reader.run(() => {
    const { value, pending } = window.fieldNotes.notes.peek('n2')
    return { title: value.title, pending }
  })
  assert.deepEqual(doc, { title: 'Kingfisher', pending: true })
  assert.equal((await reader.status()).unsent, 1)
  assert.equal(await writer.count(), 1)

  await enterToken(reader, mint({ '*': 'write' }))
  await reader.untilSettled()
  await writer.untilLevelWith(reader)
  assert.equal(await writer.count(), 2)
})

claim('a_reader_who_has_written_still_hears_what_others_write', async (world) => {
  const { relay, mint } = await guardedRelay(world)
  const reader = await (await world.profile('reader', relay.address, { token: mint({ '*': 'read' }) })).open()
  const writer = await (await world.profile('writer', relay.address, { token: mint({ '*': 'write' }) })).open()
  await writer.run(putEach, [['n1', noteOf('Heron')]])
  await writer.untilSettled()
  await reader.run(putEach, [['mine', noteOf('Kingfisher')]])
  await untilRefused(reader, 'read-only')
  await writer.run(putEach, [['n2', noteOf('Dipper')]])
  await writer.untilSettled()
  await reader.lookAgain()
  await reader.until('it hears of the other', () => window.fieldNotes.notes.peek('n2') !== undefined)
})
