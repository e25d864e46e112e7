// Fifty thousand notes, listed by live queries, while another device sends more: the page must go on drawing. Frames and tasks
// are printed, beside the frames of a page that does nothing: all share one machine. Only grave tasks fail the test.

import assert from 'node:assert/strict'
import { putEach } from '../harness/in-page.mjs'
import { inThousands } from '../harness/report.mjs'
import { inWords, watch } from '../harness/smoothness.mjs'
import { claim } from '../harness/world.mjs'

const count = 50_000
const timeoutMs = 240_000
const waitMs = 100_000
/** In processor time. */
const gravestTaskMs = 500

claim('lists_stay_live_over_fifty_thousand_notes_while_others_write', async (world, t) => {
  const relay = await world.relay()
  const left = await (await world.profile('left', relay.address)).open()
  const right = await (await world.profile('right', relay.address)).open()
  await right.untilSync('live')
  const still = await (await world.profile('still', relay.address)).openEmpty()
  const measure = measurement(t, still)
  await measure('first sync while they are imported elsewhere', right, async () => {
    await left.run(writeMany, count)
    await listed(right, count)
  })
  await measure('reload until all are listed', right, async () => {
    await right.reload()
    await listed(right, count)
  })
  await right.untilLevelWith(left, waitMs)
  await measure('scroll and change filters while 2,000 more come in', right, async () => {
    const writing = left.run(writeMore, 2_000)
    await useTheList(right)
    await writing
    await listed(right, count + 2_000)
  })
  await left.run(putEach, [['newest', note('Newest of all', 9e12)]])
  await right.page.getByTestId('note-list').press('Home')
  await right.page.locator('[data-testid="note-row"][data-note-id="newest"]').waitFor()
  const drawn = await right.page.getByTestId('note-row').count()
  assert.ok(drawn < 60, `${drawn} rows are in the page`)
}, timeoutMs)

function note(title, createdAt) {
  return { title, text: 'A heron stood at the weir.', tags: ['heron'], done: false, createdAt }
}

/** Measures the longest task and the frames that were not drawn in time. */
function measurement(t, still) {
  return async (what, tab, work) => {
    const longest = await watch(tab.profile, [tab])
    const start = performance.now()
    const stopStill = await frames(still)
    const stop = await frames(tab)
    await work()
    const seen = await stop()
    const tookMs = Math.round(performance.now() - start)
    const task = await longest([tab])
    const beside = framesInWords(await stopStill())
    const figures = `${inThousands(tookMs)} ms, longest task ${inWords(task)}; ${framesInWords(seen)}; beside it ${beside}`
    t.diagnostic(`${inThousands(count)} notes, ${what}: ${figures}`)
    assert.ok(task.processorMs < gravestTaskMs, `${what}: ${figures}`)
  }
}

function framesInWords({ drawn, late, longestMs }) {
  return drawn === 0 ? 'no frames counted' : `${drawn} frames, ${late} late, longest ${longestMs} ms`
}

/** Counts frames; those of a page that is loaded anew are counted from then on. */
async function frames(tab) {
  const begin = () => {
    const seen = { drawn: 0, late: 0, longestMs: 0, last: performance.now() }
    const next = (now) => {
      const tookMs = Math.max(0, now - seen.last)
      seen.last = now
      seen.drawn += 1
      // One frame at 60 in a second, and half of one for the timer.
      if (tookMs > 25) seen.late += 1
      seen.longestMs = Math.max(seen.longestMs, Math.round(tookMs))
      window.requestAnimationFrame(next)
    }
    window.framesSeen = seen
    window.requestAnimationFrame(next)
  }
  await tab.page.bringToFront()
  await tab.run(begin)
  return async () => {
    const seen = await tab.run(() => window.framesSeen)
    return seen ?? { drawn: 0, late: 0, longestMs: 0 }
  }
}

/** In the page: batch after batch, as an app would that takes notes over from elsewhere. */
async function writeMany(total) {
  const text = 'A heron stood at the weir until the light was gone. '.repeat(6)
  for (let at = 0; at < total; at += 500) {
    await window.fieldNotes.db.batch((tx) => {
      for (let index = at; index < at + 500; index += 1) {
        const tags = [['heron', 'egret', 'teal'][index % 3], 'river']
        tx.notes.put(`many-${index}`, { title: `Sighting ${index}`, text: `${text}${index}`, tags, done: index % 5 === 0, createdAt: index })
      }
    })
  }
}

/** In the page: a few at a time, with pauses. */
async function writeMore(total) {
  for (let at = 0; at < total; at += 100) {
    await window.fieldNotes.db.batch((tx) => {
      for (let index = at; index < at + 100; index += 1) {
        tx.notes.put(`more-${index}`, { title: `Later ${index}`, text: 'More.', tags: ['later', 'river'], done: false, createdAt: 1e6 + index })
      }
    })
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function useTheList({ page }) {
  const list = page.getByTestId('note-list')
  await list.hover()
  for (let turn = 0; turn < 20; turn += 1) await page.mouse.wheel(0, 4_000)
  await page.getByTestId('filter-done').click()
  await page.locator('[data-testid="note-row"][data-done="true"]').first().waitFor()
  await page.getByTestId('filter-open').click()
  await page.locator('[data-testid="tag-filter"] [data-tag="river"]').click()
  await page.locator('[data-testid="note-row"]').first().waitFor()
  await page.locator('[data-testid="tag-filter"] [data-tag="river"]').click()
}

/** The list shows all that are open or done. */
function listed(tab, total) {
  return tab.until('all are counted', (wanted) => {
    const number = (kind) => Number(document.querySelector(`[data-testid="filter-${kind}"] .count`).textContent.replaceAll(',', ''))
    return number('open') + number('done') === wanted && number('all') === wanted
  }, total, waitMs)
}
