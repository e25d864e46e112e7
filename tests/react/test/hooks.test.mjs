// The hooks in a real browser, on a real database, with each version of React that they are made for.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { launch } from '../harness/browser.mjs'
import { serve } from '../harness/site.mjs'

let browser

before(async () => {
  browser = await launch()
})
after(() => browser?.close())

/** Plays a scenario, and fails if anything was complained about. */
async function play(url, name) {
  const page = await browser.newPage()
  const said = []
  page.on('console', message => ['error', 'warning'].includes(message.type()) && said.push(message.text()))
  page.on('pageerror', error => said.push(error.message))
  try {
    await page.goto(url)
    await page.waitForFunction(() => window.ready, undefined, { timeout: 30_000 })
    return [await page.evaluate(scenario => window.play(scenario), name), said]
  } finally {
    await page.close()
  }
}

async function seen(url, name) {
  const [result, said] = await play(url, name)
  assert.deepEqual(said, [])
  return result
}

for (const version of [18, 19]) {
  test(`React ${version}`, async suite => {
    const { url, end } = await serve(version)
    suite.after(end)

    await suite.test('it is that version', async () => {
      assert.match(await seen(url, 'reactVersion'), new RegExp(`^${version}\\.`))
    })

    await suite.test('a row that did not change does not render again', async () => {
      const { before, after } = await seen(url, 'rows')
      assert.deepEqual(before, { n1: 1, n2: 1, n3: 1 })
      // The changed one does: when the change is visible, and perhaps when it is on disk, for its context is another one.
      assert.ok(after.n2 > 1)
      assert.deepEqual(after, { n1: 1, n2: after.n2, n3: 1 })
    })

    await suite.test('mounting twice leaves no subscription behind, and unmounting none at all', async () => {
      assert.deepEqual(await seen(url, 'strict'), { begun: [2, 2], shown: [1, 1], left: [0, 0] })
    })

    await suite.test('a component watches the record that it shows, and no other', async () => {
      assert.deepEqual(await seen(url, 'another'), ['n1', 'n2', '', 'n3', 0])
    })

    await suite.test('a component can wait in its boundary until everything is loaded', async () => {
      assert.deepEqual(await seen(url, 'suspended'), { first: 'loading', lengths: [] })
    })

    await suite.test('everything can be watched, and nothing before there is a database', async () => {
      const [result, said] = await play(url, 'others')
      const nothing = 'undefined 0 0 undefined undefined undefined'
      assert.deepEqual(result, { without: nothing, opened: 'object 0 0 undefined Heron 1', conflicted: true })
      // That there is no relay is what the browser complains about.
      assert.deepEqual(said.filter(text => !text.includes('WebSocket')), [])
    })

    await suite.test('what is shown stays when the database is closed', async () => {
      assert.equal(await seen(url, 'closed'), 'Heron1')
    })
  })
}
