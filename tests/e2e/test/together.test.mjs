// The demo between two people: what merges by itself, what does not and waits in one place, and taking back what one did.

import assert from 'node:assert/strict'
import { leaveNote, openNote } from '../harness/app.mjs'
import { deleteEach, putEach } from '../harness/in-page.mjs'
import { noteOf } from '../harness/notes.mjs'
import { claim } from '../harness/world.mjs'

async function twoTabs(world) {
  const relay = await world.relay()
  const [left, right] = [await world.profile('left', relay.address), await world.profile('right', relay.address)]
  return { relay, left: await left.open(), right: await right.open() }
}

/** Both have the notes, and then no way to each other until `reunite`. */
async function apart(world, entries) {
  const { relay, left, right } = await twoTabs(world)
  await left.run(putEach, entries)
  await right.untilLevelWith(left)
  await relay.stop()
  const reunite = async () => {
    await relay.start()
    await left.lookAgain()
    await left.untilSettled()
    await right.untilLevelWith(left)
    await left.untilLevelWith(right)
  }
  return { left, right, reunite }
}

function valueIn(tab, id) {
  return tab.run((key) => window.fieldNotes.notes.peek(key)?.value, id)
}

async function countTimes(tab, id, title, times) {
  await openNote(tab, id, title)
  for (let time = 0; time < times; time += 1) {
    const before = Number(await tab.page.getByTestId('tally').textContent())
    await tab.page.getByTestId('tally-more').click()
    await tab.until('it is counted', (number) => document.querySelector('[data-testid="tally"]').textContent === String(number), before + 1)
  }
}

async function fill(tab, field, text) {
  await tab.page.getByTestId(field).fill(text)
  await tab.page.locator('[data-testid="save-state"]:is([data-state="saved"], [data-state="sent"])').waitFor()
}

claim('changes_to_different_fields_come_together_without_a_conflict', async (world) => {
  const { left, right, reunite } = await apart(world, [['n1', { ...noteOf('Heron'), tags: ['weir'], sightings: 2 }]])
  await countTimes(left, 'n1', 'Heron', 2)
  await fill(left, 'editor-title', 'Grey heron')
  await fill(left, 'editor-tags', 'weir, morning')
  await countTimes(right, 'n1', 'Heron', 3)
  await fill(right, 'editor-text', 'On the gravel bar.')
  await fill(right, 'editor-tags', 'weir, heron')
  await right.page.getByTestId('editor-done').check()
  await reunite()
  for (const tab of [left, right]) {
    const { tags, ...rest } = await valueIn(tab, 'n1')
    assert.deepEqual(rest, { title: 'Grey heron', text: 'On the gravel bar.', done: true, sightings: 7 })
    assert.deepEqual([...tags].sort(), ['heron', 'morning', 'weir'])
    assert.equal(await tab.page.getByTestId('editor-title').inputValue(), 'Grey heron')
    assert.equal(await tab.page.getByTestId('tally').textContent(), '7')
    const { conflicts, lines } = await tab.view()
    assert.deepEqual(conflicts, [])
    assert.equal(JSON.parse(lines[0])[2].length, 2, 'both versions are there, whatever is shown')
    assert.equal(await tab.page.getByTestId('to-settle').count(), 0)
    await tab.shot(`merged-${tab.profile.name}`)
  }
})

claim('what_does_not_go_together_waits_in_one_place_and_is_settled_there', async (world) => {
  const ids = ['n1', 'n2', 'n3']
  const { left, right, reunite } = await apart(world, ids.map((id) => [id, noteOf(`Note ${id}`)]))
  const written = (side) => [['n1', noteOf(`Note n1 of the ${side}`)], ['n2', { ...noteOf(`${side} title`), place: `${side} bank` }]]
  await left.run(putEach, written('left'))
  await left.run(deleteEach, ['n3'])
  await right.run(putEach, written('right'))
  await right.run(putEach, [['n3', noteOf('Note n3', 'Seen again.')]])
  await reunite()
  const { page } = left
  await page.locator('[data-testid="to-settle"][data-count="3"]').click()
  await page.locator('[data-testid="inbox"][data-count="3"]').waitFor()
  await left.shot('inbox')
  // One field is settled with one click,
  const first = page.locator('[data-testid="inbox-entry"][data-note-id="n1"]')
  await first.getByTestId('conflict-value').filter({ hasText: 'Note n1 of the right' }).getByTestId('keep-value').click()
  await page.locator('[data-testid="inbox"][data-count="2"]').waitFor()
  assert.equal((await valueIn(left, 'n1')).title, 'Note n1 of the right')
  // two fields by the keyboard with a key for each,
  await page.locator('[data-testid="inbox-entry"][data-note-id="n2"]').focus()
  await page.keyboard.press('1')
  await page.locator('[data-note-id="n2"] [data-chosen="true"]').waitFor()
  assert.deepEqual((await left.view()).conflicts, ['n2', 'n3'], 'nothing is settled before all is chosen')
  await page.keyboard.press('2')
  await page.locator('[data-testid="inbox"][data-count="1"]').waitFor()
  const { title, place } = await valueIn(left, 'n2')
  assert.notEqual(title.startsWith('left'), place.startsWith('left'), 'the first of one field, the second of the other')
  // and a note that was deleted as a whole.
  await page.getByTestId('conflict-version').and(page.locator('[data-deleted="true"]')).getByTestId('keep-version').click()
  await page.getByTestId('inbox-empty').waitFor()
  await left.shot('inbox-empty')
  await right.untilLevelWith(left)
  assert.deepEqual((await right.view()).conflicts, [])
  assert.equal((await right.view()).digest, (await left.view()).digest)
})

claim('only_what_this_user_did_is_taken_back', async (world) => {
  const { left, right } = await twoTabs(world)
  await left.run(putEach, [['n1', { ...noteOf('Heron'), sightings: 1 }], ['n2', noteOf('Teal')]])
  await right.untilLevelWith(left)
  await countTimes(left, 'n1', 'Heron', 1)
  await right.untilLevelWith(left)
  await countTimes(right, 'n1', 'Heron', 1)
  await left.untilLevelWith(right)
  assert.equal(await left.page.getByTestId('tally').textContent(), '3')
  await left.page.getByTestId('undo').click()
  await left.until('one less', () => window.fieldNotes.notes.peek('n1').value.sightings === 2)
  await left.page.getByTestId('redo').click()
  await left.until('one more', () => window.fieldNotes.notes.peek('n1').value.sightings === 3)

  await leaveNote(left)
  const { page } = left
  await page.locator('[data-testid="note-row"][data-note-id="n2"]').click()
  await page.getByTestId('editor-delete').click()
  await left.until('it is gone', () => window.fieldNotes.notes.peek('n2') === undefined)
  await right.untilLevelWith(left)
  await page.keyboard.press('Control+z')
  await left.until('it is back', () => window.fieldNotes.notes.peek('n2')?.value.title === 'Teal')
  await right.until('it is back here too', () => window.fieldNotes.notes.peek('n2')?.value.title === 'Teal')
  await page.keyboard.press('Control+Shift+z')
  await left.until('it is gone again', () => window.fieldNotes.notes.peek('n2') === undefined)
  await page.getByTestId('undo-last').click()
  await left.until('it is back again', () => window.fieldNotes.notes.peek('n2')?.value.title === 'Teal')
})

claim('two_people_write_in_one_text_at_once_and_see_each_other', async (world) => {
  const { left, right } = await twoTabs(world)
  await left.run(putEach, [['n1', noteOf('Heron', 'The weir in the morning.')]])
  await right.untilLevelWith(left)
  for (const tab of [left, right]) await openNote(tab, 'n1', 'Heron')
  const texts = [left, right].map((tab) => tab.page.getByTestId('editor-text'))
  const [first, second] = ['Grey and still. ', ' Eleven martins over the pool.']
  await texts[0].click()
  await texts[0].press('Control+Home')
  await texts[1].click()
  await texts[1].press('Control+End')
  await Promise.all([texts[0].pressSequentially(first, { delay: 60 }), texts[1].pressSequentially(second, { delay: 60 })])
  const whole = `${first}The weir in the morning.${second}`
  for (const [index, tab] of [left, right].entries()) {
    await tab.until('all of it is shown', (wanted) => document.querySelector('[data-testid="editor-text"]').value === wanted, whole)
    // The caret is where this person has written last, whatever came before it.
    const caret = await texts[index].evaluate((field) => field.selectionStart)
    assert.equal(caret, index === 0 ? first.length : whole.length)
    assert.equal(await tab.page.getByTestId('conflict-hint').count(), 0)
    await tab.shot(`one-text-${tab.profile.name}`)
  }
  await right.untilLevelWith(left)
  await left.untilLevelWith(right)
  assert.deepEqual((await left.view()).conflicts, [])
  assert.equal((await right.view()).digest, (await left.view()).digest)
})
