// Opens the app in a browser without a window. Knows the app's output, and nothing of how it comes about.

import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const CANDIDATES = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

const QUIET = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']
  .concat(['--disable-component-update', '--disable-sync'])

/** Visits the page, reads its output, and does so again after a reload. Gives both outputs. */
export async function visitTwice(app, url) {
  const executablePath = CANDIDATES.find(path => path && existsSync(path))
  if (executablePath === undefined) throw new Error('no Chromium was found: install it, or set CHROMIUM to its path')
  const { chromium } = createRequire(join(app, 'package.json'))('playwright-core')
  const browser = await chromium.launch({ executablePath, args: QUIET })
  try {
    const page = await browser.newPage()
    const said = []
    page.on('console', message => message.type() === 'error' && said.push(message.text()))
    page.on('pageerror', error => said.push(error.message))
    await page.goto(url)
    const first = await outputOf(page, said)
    await page.reload()
    return [first, await outputOf(page, said)]
  } finally {
    await browser.close()
  }
}

async function outputOf(page, said) {
  try {
    await page.waitForFunction(() => document.querySelector('output')?.textContent !== '', undefined, { timeout: 30_000 })
  } catch (error) {
    throw new Error(`the page shows nothing: ${error.message}\n${said.join('\n')}`, { cause: error })
  }
  return page.textContent('output')
}
