// What happens to the browser's storage beneath the app: it is set back to what it was, or it is gone.

import assert from 'node:assert/strict'
import { contentsOfAll, putEach } from '../harness/in-page.mjs'
import { Ledger } from '../harness/ledger.mjs'
import { notesOf } from '../harness/notes.mjs'
import { claim } from '../harness/world.mjs'

async function write(tab, ledger, prefix) {
  const entries = notesOf(10, prefix)
  await tab.run(putEach, entries)
  ledger.putAll(entries)
}

/** In the page: closes the database and gives everything that IndexedDB has of it. */
async function closeAndRead() {
  await window.fieldNotes.db.close()
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const stored = await done(window.indexedDB.open('eyot:field-notes'))
  const transaction = stored.transaction([...stored.objectStoreNames])
  const stores = []
  for (const name of stored.objectStoreNames) {
    const store = transaction.objectStore(name)
    const [keys, values] = [await done(store.getAllKeys()), await done(store.getAll())]
    const plain = values.map((value) => (value instanceof Uint8Array ? [...value] : value))
    stores.push([name, keys.map((key, index) => [key, plain[index]])])
  }
  stored.close()
  return stores
}

/** In the page: closes the database and puts those contents in the place of what is there. */
async function closeAndPutBack(stores) {
  await window.fieldNotes.db.close()
  const stored = await new Promise((resolve, reject) => {
    const request = window.indexedDB.open('eyot:field-notes')
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const transaction = stored.transaction([...stored.objectStoreNames], 'readwrite', { durability: 'strict' })
  for (const [name, entries] of stores) {
    const store = transaction.objectStore(name)
    store.clear()
    for (const [key, value] of entries) store.put(Array.isArray(value) ? Uint8Array.from(value) : value, key)
  }
  await new Promise((resolve, reject) => {
    transaction.oncomplete = resolve
    transaction.onabort = () => reject(transaction.error)
  })
  stored.close()
}

function replicaOf(tab, id) {
  return tab.run((key) => window.fieldNotes.notes.peek(key).siblings[0].replica, id)
}

function noticesOn(tab) {
  return tab.page.getByTestId('notice').evaluateAll((lines) => lines.map((line) => line.dataset.code))
}

async function assertHasAll(tab, ledger) {
  assert.deepEqual(ledger.differences(await tab.run(contentsOfAll)), [], `at ${tab.profile.name}`)
  assert.deepEqual(tab.errors, [])
}

claim('a_restored_indexeddb_gets_everything_back_and_the_unsent_survives', async (world) => {
  const relay = await world.relay()
  const proxy = await world.proxy(relay)
  const tab = await (await world.profile('restored', relay.address, { relay: proxy.syncBase })).open()
  const ledger = new Ledger()
  await write(tab, ledger, 'first')
  await tab.untilSettled()
  // Not sent when it is saved, sent before it is put back.
  proxy.cut()
  await write(tab, ledger, 'between')
  const stores = await tab.run(closeAndRead)
  proxy.heal()
  await tab.reload()
  await write(tab, ledger, 'second')
  await tab.untilSettled()
  const before = await replicaOf(tab, 'second-0')

  proxy.cut()
  await tab.run(closeAndPutBack, stores)
  await tab.reload()
  assert.equal(await tab.run(() => window.fieldNotes.notes.peek('second-0')), undefined, 'it is set back')
  await write(tab, ledger, 'unsent')
  proxy.heal()
  await tab.lookAgain()
  const other = await (await world.profile('other', relay.address)).open()
  for (const one of [tab, other]) await one.untilSettled()
  await tab.untilLevelWith(other)
  await other.untilLevelWith(tab)
  for (const one of [tab, other]) await assertHasAll(one, ledger)
  assert.notEqual(await replicaOf(tab, 'unsent-0'), before)
  // It was sent and then set back to unsent: the same write under two names, which is no conflict.
  const between = await tab.run(() => window.fieldNotes.notes.peek('between-0').siblings)
  assert.equal(between.length, 1)
  const dots = [between[0].version, ...between[0].also]
  assert.ok(dots.some((dot) => dot.startsWith(before)), `what others have keeps its name: ${dots}`)
  assert.deepEqual(await noticesOn(tab), ['replica-forked'])
})

claim('a_database_that_is_deleted_under_the_app_is_told_and_what_was_sent_comes_back', async (world, t) => {
  const relay = await world.relay()
  const proxy = await world.proxy(relay)
  const tab = await (await world.profile('cleared', relay.address, { relay: proxy.syncBase })).open()
  const ledger = new Ledger()
  await write(tab, ledger, 'sent')
  await tab.untilSettled()
  const before = await replicaOf(tab, 'sent-0')
  await tab.until('that it was sent is marked', () => localStorage.getItem('eyot:field-notes')?.split(' ').length === 3)
  proxy.cut()
  await tab.run(putEach, notesOf(1, 'unsent'))

  const session = await tab.page.context().newCDPSession(tab.page)
  await session.send('Storage.clearDataForOrigin', { origin: new URL(relay.address).origin, storageTypes: 'indexeddb' })
  await tab.page.getByTestId('closed').waitFor()
  assert.equal(await tab.page.getByTestId('closed').getAttribute('data-reason'), 'storage-lost')
  await tab.shot('storage-lost-while-open')
  const stores = await tab.run(async () => (await window.indexedDB.databases()).map(({ name }) => name))
  assert.deepEqual(stores, [], 'nothing was made in its place')

  proxy.heal()
  await tab.reload()
  await tab.page.getByTestId('notice').waitFor()
  await tab.untilSettled()
  assert.deepEqual(await noticesOn(tab), ['storage-lost'])
  const { savedAt } = await tab.run(() => window.fieldNotes.db.notices.snapshot()[0])
  t.diagnostic(`said to have been saved ${Date.now() - savedAt} ms ago`)
  assert.ok(savedAt <= Date.now())
  await tab.shot('storage-lost')
  await tab.until('all that was sent is here', () => window.fieldNotes.notes.peek('sent-9') !== undefined)
  await write(tab, ledger, 'after')
  await tab.untilSettled()
  await assertHasAll(tab, ledger)
  assert.notEqual(await replicaOf(tab, 'after-0'), before)
  await tab.reload()
  await tab.untilSettled()
  assert.deepEqual(await noticesOn(tab), [], 'it is told once')
})
