// Apart: the relay is stopped, both sides go on writing, and one of them is killed in the middle of it.

import assert from 'node:assert/strict'
import { openNote, typeInto } from '../harness/app.mjs'
import { deleteEach, putEach } from '../harness/in-page.mjs'

const counts = { shared: 10, own: 40, deleted: 5, created: 5 }

/** Both sides write without the relay. The ledger gets what must come of it when they meet. */
export async function apart(scene) {
  const { relay, report, left, right } = scene
  const code = await relay.stop()
  report.check('the relay ends when it is told to', code === 0, `exit code ${code}`)
  for (const tab of scene.tabs) await tab.until('the relay is missed', () => window.fieldNotes.sync().state === 'waiting')
  report.say('both sides say that the relay is gone, and go on')

  const plan = makePlan(scene)
  await write(left, plan.left)
  await write(right, plan.right)
  report.say('each side has edited 50 notes (10 of them the same ones), deleted 5 and created 5')
  await typeOnBothSides(scene, plan)
  for (const side of scene.sides) {
    const unsent = await side.first.run(() => window.fieldNotes.sync().unsent)
    report.check(`${side.name} shows ${unsent} unsent changes`, unsent === 60)
  }
  await scene.shot('2-offline')
  await killAndReturn(scene, plan)
  enter(scene.ledger, plan)
}

/** Which notes are written by whom, and with what. */
function makePlan({ ledger, left, right }) {
  const ids = ledger.ids
  const take = (count) => ids.splice(0, count).map((id) => [id, ledger.value(id)])
  const shared = take(counts.shared)
  const plan = Object.fromEntries([left, right].map(({ name }) => {
    const edits = [...shared, ...take(counts.own)].map(([id, note], index) => [id, edited(note, name, index)])
    const created = Array.from({ length: counts.created }, (_, index) => [`new-${name}-${index}`, newNote(name, index)])
    return [name, { edits, created, deleted: take(counts.deleted).map(([id]) => id) }]
  }))
  return { ...plan, shared: shared.map(([id]) => id) }
}

/** The notes that both edit get a title of each side as well: their texts merge, and their titles stay open. */
function edited(note, name, index) {
  const text = `Seen from the ${name} bank, edit ${index + 1}.\n\n${note.text}`
  return index < counts.shared ? { ...note, text, title: titleFrom(note.title, name) } : { ...note, text }
}

function titleFrom(title, name) {
  return `${title}, ${name} bank`
}

/** What both titles of such a note begin with. */
export function commonTitle({ title }) {
  return title.replace(/, \w+ bank$/, '')
}

function newNote(name, index) {
  return { title: `From the ${name} bank, ${index + 1}`, text: 'Written without a relay.', tags: [name], done: false }
}

async function write(side, { edits, created, deleted }) {
  await side.spread([...edits, ...created], putEach)
  await side.spread(deleted, deleteEach)
}

/** The first edit that only one side makes goes on by hand, in the app itself. */
async function typeOnBothSides({ sides, report }, plan) {
  for (const side of sides) {
    const edit = plan[side.name].edits[counts.shared]
    const [id, { title }] = edit
    edit[1] = await typeInto(side.first, id, title, ' Typed by hand.')
  }
  report.say('each side has typed into a note in the app, and the app says that it is saved')
}

/** A browser is killed the moment a write is acknowledged. The relay is still away: the app starts from what is kept. */
async function killAndReturn({ left, right, ledger, report, ...scene }, plan) {
  const last = ['last-words', { title: 'Last words', text: 'Written a moment before the end.', tags: [], done: false }]
  await left.first.run(putEach, [last])
  await left.profile.kill()
  plan.left.created.push(last)
  report.say('left was killed (SIGKILL) as soon as a put was acknowledged')
  await left.open()
  report.say('left has started again without any server')
  const before = ledger.copy()
  enterSide(before, plan.left)
  await checkView(left, before, report, 'left still has every write that was acknowledged, the last one included')
  const other = ledger.copy()
  enterSide(other, plan.right)
  await checkView(right, other, report, 'right has its own writes, and nothing of left')
  await openNote(left.first, last[0], last[1].title)
  await left.shot(`${scene.prefix}-3-after-the-kill`)
}

async function checkView(side, ledger, report, claim) {
  for (const tab of side.tabs) {
    const contents = await tab.run(async () => {
      const docs = await window.fieldNotes.notes.list()
      return docs.map((doc) => [doc.id, doc.siblings.map((one) => one.value)])
    })
    const differences = ledger.differences(contents)
    assert.deepEqual(differences.slice(0, 5), [], claim)
  }
  report.check(claim, true)
}

function enterSide(ledger, { edits, created, deleted }) {
  ledger.putAll([...edits, ...created])
  for (const id of deleted) ledger.delete(id)
}

/** What must be there when both have heard of each other: all of it, and for the notes that both edited, both. */
function enter(ledger, plan) {
  enterSide(ledger, plan.left)
  enterSide(ledger, plan.right)
  const valueOf = (side, id) => plan[side].edits.find(([edit]) => edit === id)[1]
  for (const id of plan.shared) ledger.concur(id, [valueOf('left', id), valueOf('right', id)])
}
