// Merge policies over the real engine: two browsers write apart, meet at a relay, and show the same, also from disk.

import assert from 'node:assert/strict'
import { claim } from '../harness/world.mjs'

/** Two profiles with the bare page, online. */
async function pair(world) {
  const relay = await world.relay({ pages: await world.barePage() })
  const [left, right] = [await world.profile('left', relay.address), await world.profile('right', relay.address)]
  return { relay, left, tabs: [await left.open(), await right.open()] }
}

async function part(tabs) {
  for (const tab of tabs) await tab.run(() => window.fieldNotes.setOnline(false))
}

/** All online, until each has all that the others have; then from disk, where somebody looks again. */
async function meet(tabs, { reload = true } = {}) {
  for (const tab of tabs) await tab.run(() => window.fieldNotes.setOnline(true))
  for (const tab of tabs) await tab.untilSettled()
  for (const tab of tabs) for (const other of tabs) await tab.untilLevelWith(other)
  if (reload) for (const tab of tabs) await tab.reload()
}

function put(tab, collection, id, value) {
  return tab.run(([name, key, what]) => window.fieldNotes.db.collection(name).put(key, what).then(() => {}), [collection, id, value])
}

/** Writes what the record shows, with these changes. */
function change(tab, id, { set = {}, likes = 0, insert = [], remove = [] }) {
  return tab.run(async ([key, fields, added, there, gone]) => {
    await window.fieldNotes.notes.update(key, (value) => {
      const tags = value.tags.filter((tag) => !gone.includes(tag)).concat(there)
      return { ...value, ...fields, likes: value.likes + added, tags }
    })
  }, [id, set, likes, insert, remove])
}

/** What all of these show of the record, which must be the same everywhere. */
async function shown(tabs, id, collection = 'notes') {
  const ask = async ([name, key]) => {
    const { value, conflicted, conflicts, siblings } = await window.fieldNotes.db.collection(name).get(key)
    return { value, conflicted, conflicts, versions: siblings.length }
  }
  const views = await Promise.all(tabs.map((tab) => tab.run(ask, [collection, id])))
  for (const view of views) assert.deepEqual(view, views[0])
  return views[0]
}

const note = { title: 'Heron', body: 'Grey.', likes: 0, tags: ['bird'] }

claim('edits_of_different_fields_are_both_shown_and_no_conflict', async (world) => {
  const { tabs } = await pair(world)
  await put(tabs[0], 'notes', 'n', note)
  await meet(tabs)
  await part(tabs)
  await change(tabs[0], 'n', { set: { title: 'Grey heron' } })
  await change(tabs[1], 'n', { set: { body: 'Tall and grey.' } })
  for (const tab of tabs) await tab.reload()
  await meet(tabs)
  const both = { ...note, title: 'Grey heron', body: 'Tall and grey.' }
  assert.deepEqual(await shown(tabs, 'n'), { value: both, conflicted: false, conflicts: [], versions: 2 })
})

claim('a_field_that_both_have_edited_is_in_conflict_until_one_write', async (world) => {
  const { tabs } = await pair(world)
  await put(tabs[0], 'notes', 'n', note)
  await meet(tabs)
  await part(tabs)
  await change(tabs[0], 'n', { set: { title: 'Grey heron', body: 'Tall.' } })
  await change(tabs[1], 'n', { set: { title: 'Purple heron' } })
  await meet(tabs)
  const { value, conflicted, conflicts } = await shown(tabs, 'n')
  assert.deepEqual([conflicted, conflicts], [true, ['title']])
  assert.deepEqual(value, { ...note, title: 'Purple heron', body: 'Tall.' }, 'that of the latest write')
  await change(tabs[1], 'n', { set: { title: 'Grey heron' } })
  await meet(tabs)
  const resolved = { ...note, title: 'Grey heron', body: 'Tall.' }
  assert.deepEqual(await shown(tabs, 'n'), { value: resolved, conflicted: false, conflicts: [], versions: 1 })
})

claim('counters_add_up_over_many_rounds_apart', async (world) => {
  const { tabs } = await pair(world)
  await put(tabs[0], 'notes', 'n', { ...note, likes: 10 })
  await meet(tabs)
  let likes = 10
  for (const round of [1, 2, 3]) {
    await part(tabs)
    for (const [index, tab] of tabs.entries()) {
      for (const more of [1, round, index]) await change(tab, 'n', { likes: more })
      likes += 1 + round + index
      if (round === 2) await tab.reload()
      await change(tab, 'n', { likes: -1, set: { body: `${tab.profile.name} ${round}` } })
      likes -= 1
    }
    await meet(tabs, { reload: round !== 2 })
    assert.equal((await shown(tabs, 'n')).value.likes, likes, `in round ${round}`)
  }
})

claim('an_addition_to_a_set_outlives_a_removal_that_had_not_seen_it', async (world) => {
  const { tabs } = await pair(world)
  await put(tabs[0], 'notes', 'n', { ...note, tags: ['bird', 'wader', 'grey'] })
  await meet(tabs)
  await part(tabs)
  await change(tabs[0], 'n', { remove: ['bird'] })
  await change(tabs[0], 'n', { remove: ['wader'] })
  // Taken away and added anew: an addition that the other one has not seen.
  await change(tabs[1], 'n', { remove: ['bird'] })
  await change(tabs[1], 'n', { insert: ['bird', 'marsh'] })
  await meet(tabs)
  const { value, conflicted } = await shown(tabs, 'n')
  assert.deepEqual([[...value.tags].sort(), conflicted], [['bird', 'grey', 'marsh'], false])
  await change(tabs[1], 'n', { remove: ['bird'] })
  await meet(tabs)
  assert.deepEqual([...(await shown(tabs, 'n')).value.tags].sort(), ['grey', 'marsh'])
})

// What nobody had heard of when the profile was copied is told by both, under two names: nobody can know that it is the same.
claim('a_copied_profile_that_takes_another_name_counts_what_it_adds_and_what_others_knew_once', async (world) => {
  const { left, tabs } = await pair(world)
  const [original, other] = tabs
  await put(original, 'notes', 'n', note)
  await change(original, 'n', { likes: 1 })
  await meet(tabs)
  await part(tabs)
  // Three that nobody else has seen, in both copies then.
  for (const likes of [10, 20, 30]) await change(original, 'n', { likes })
  await left.close()
  const copy = await world.copyOf(left, 'copy')
  const all = [await left.open(), other, await copy.open()]
  for (const [index, likes] of [100, 1_000, 10_000].entries()) {
    await change(all[index], 'n', { likes, insert: [`tag-${index}`] })
    await change(all[index], 'n', { likes })
  }
  await meet(all)
  // The copy has told of its additions under names that it has given up since, or the other way round.
  for (const tab of all) await change(tab, 'n', { likes: 100_000 })
  await meet(all)
  const { value, conflicted } = await shown(all, 'n')
  assert.equal(value.likes, 1 + 2 * (10 + 20 + 30) + 2 * (100 + 1_000 + 10_000) + 300_000)
  assert.deepEqual([[...value.tags].sort(), conflicted], [['bird', 'tag-0', 'tag-1', 'tag-2'], false])
})

claim('last_writer_shows_the_latest_and_is_never_in_conflict', async (world) => {
  const { tabs } = await pair(world)
  await part(tabs)
  await put(tabs[0], 'latest', 'n', { title: 'first' })
  await put(tabs[1], 'latest', 'n', { title: 'second' })
  await meet(tabs)
  const expected = { value: { title: 'second' }, conflicted: false, conflicts: [], versions: 2 }
  assert.deepEqual(await shown(tabs, 'n', 'latest'), expected)
})

claim('a_function_of_the_application_merges_and_where_it_throws_the_record_is_in_conflict', async (world) => {
  const { tabs } = await pair(world)
  await part(tabs)
  for (const [tab, title] of [[tabs[0], 'one'], [tabs[1], 'two']]) await put(tab, 'own', 'n', { title })
  for (const [tab, title] of [[tabs[0], 'impossible'], [tabs[1], 'possible']]) await put(tab, 'own', 'm', { title })
  await meet(tabs)
  const merged = { value: { title: 'one and two' }, conflicted: false, conflicts: [], versions: 2 }
  assert.deepEqual(await shown(tabs, 'n', 'own'), merged)
  const kept = { value: { title: 'possible' }, conflicted: true, conflicts: [], versions: 2 }
  assert.deepEqual(await shown(tabs, 'm', 'own'), kept)
  for (const tab of tabs) {
    const problems = await tab.run(() => window.fieldNotes.problems)
    assert.ok(problems.length > 0 && problems.every((one) => one.includes('cannot be merged')), `reported: ${problems}`)
  }
})
