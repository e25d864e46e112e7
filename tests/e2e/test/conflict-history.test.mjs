// The history of conflicts in real browsers: two tabs of one profile write it, on one disk, and another profile brings conflicts.

import assert from 'node:assert/strict'
import { claim } from '../harness/world.mjs'

/** The tab remembers conflicts from now on. */
function remember(tab, options = {}) {
  return tab.run(async (given) => {
    const { conflictHistory } = await import('/eyot/index.js')
    window.conflicts = await conflictHistory(window.fieldNotes.db, given)
  }, options)
}

function put(tab, collection, value) {
  return tab.run(([name, what]) => window.fieldNotes.db.collection(name).put('n', what).then(() => {}), [collection, value])
}

async function setOnline(tabs, online) {
  for (const tab of tabs) await tab.run((isOnline) => window.fieldNotes.setOnline(isOnline), online)
}

/** All online, until each has all that the others have. */
async function meet(tabs) {
  await setOnline(tabs, true)
  for (const tab of tabs) await tab.untilSettled()
  for (const tab of tabs) for (const other of tabs) await tab.untilLevelWith(other)
}

/** What the tab has noted. */
function noted(tab) {
  return tab.run(async () => {
    await window.conflicts.noted()
    return window.conflicts.list()
  })
}

/** What the record is in that tab. */
function siblings(tab, collection) {
  return tab.run(async (name) => {
    const doc = await window.fieldNotes.db.collection(name).get('n')
    return doc.siblings.map(({ value, replica, at, version, deleted }) => ({ deleted, value, replica, at, version }))
  }, collection)
}

claim('two_tabs_remember_a_conflict_once_and_who_ended_it_over_a_reload', async (world) => {
  const relay = await world.relay({ pages: await world.barePage() })
  const [left, right] = [await world.profile('left', relay.address), await world.profile('right', relay.address)]
  const [one, two, other] = [await left.open(), await left.open(), await right.open()]
  for (const tab of [one, two]) await remember(tab)
  await setOnline([one, two, other], false)
  await put(one, 'notes', { title: 'Heron', body: 'Grey.', likes: 1, tags: [] })
  await put(other, 'notes', { title: 'Egret', body: 'Grey.', likes: 2, tags: [] })
  const [mine] = await siblings(one, 'notes')
  const [theirs] = await siblings(other, 'notes')
  await meet([one, two, other])
  const inOrder = (versions) => [...versions].sort((first, second) => (first.version < second.version ? -1 : 1))
  for (const tab of [one, two]) {
    const [entry, ...more] = await noted(tab)
    assert.deepEqual([more.length, entry.policy, entry.fields, entry.ended], [0, 'fields', ['title'], undefined])
    assert.deepEqual(inOrder(entry.versions), inOrder([mine, theirs]), 'who, when and what')
  }

  await put(other, 'notes', { title: 'Both', body: 'Grey.', likes: 3, tags: [] })
  const [resolution] = await siblings(other, 'notes')
  await meet([one, two, other])
  const [ended, ...others] = await noted(one)
  assert.equal(others.length, 0)
  assert.deepEqual([ended.ended.by, ended.ended.here, ended.ended.resolution], ['write', false, resolution])
  assert.deepEqual(await noted(two), [ended], 'the other tab tells the same')
  for (const tab of [one, two]) {
    await tab.reload()
    await remember(tab)
    assert.deepEqual(await noted(tab), [ended], 'from disk')
  }
})

claim('a_conflict_that_a_policy_merges_has_ended_by_it_and_is_kept_for_the_set_time', async (world) => {
  const relay = await world.relay({ pages: await world.barePage() })
  const [left, right] = [await world.profile('left', relay.address), await world.profile('right', relay.address)]
  const tabs = [await left.open(), await right.open()]
  await remember(tabs[0])
  await setOnline(tabs, false)
  for (const [index, tab] of tabs.entries()) await put(tab, 'latest', { title: String(index) })
  await meet(tabs)
  const [entry, ...more] = await noted(tabs[0])
  assert.deepEqual([more.length, entry.collection, entry.policy, entry.ended.by], [0, 'latest', 'lastWriter', 'policy'])
  await put(tabs[1], 'latest', { title: 'both' })
  await meet(tabs)
  const isOver = await tabs[0].run(async () => {
    await window.conflicts.noted()
    return (await window.fieldNotes.db.collection('latest').get('n')).siblings.length === 1
  })
  assert.deepEqual([isOver, (await noted(tabs[0])).length], [true, 1])
  await tabs[0].reload()
  await remember(tabs[0], { keepForMs: 0 })
  assert.deepEqual(await noted(tabs[0]), [], 'it has grown too old')
})
