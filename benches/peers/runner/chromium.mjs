// A fresh Chromium with a fresh profile for every cell, and the pages in it. Knows no engine and no row.

import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { chromium } from 'playwright-core'

/** A step that takes longer than this is run smaller in the rounds that follow. */
export const SLOW_MS = 60_000
const LIMIT_MS = 4 * SLOW_MS

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--js-flags=--expose-gc',
  '--enable-blink-features=ForceEagerMeasureMemory',
  '--enable-precise-memory-info',
]

/** A step took too long. */
export class TooSlow extends Error {}

/** Runs `work` with a function that opens pages, in a browser that nobody has used; ends the browser. */
export async function inFreshBrowser(origin, work) {
  const profile = mkdtempSync(join(tmpdir(), 'eyot-bench-'))
  let context
  try {
    // An interruption is ours to hear: the present cell is still measured.
    const settings = { executablePath: findChromium(), headless: true, args: FLAGS, handleSIGINT: false }
    context = await chromium.launchPersistentContext(profile, settings)
    return await work(path => openPage(context, origin + path))
  } finally {
    await context?.close().catch(() => {})
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** The version of the browser, e.g. `Chrome/156.0.0.0`. */
export async function versionOf(page) {
  return page.evaluate(() => navigator.userAgent.match(/Chrome\/\S+/)[0])
}

/** The noise of the machine: the same arithmetic, timed. */
export async function loopMs(page) {
  return page.evaluate(() => {
    const start = performance.now()
    let x = 1
    for (let i = 0; i < 2e7; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0
    return performance.now() - start + (x === 7 ? 1 : 0)
  })
}

async function openPage(context, address) {
  const page = await context.newPage()
  page.on('pageerror', error => { console.error(`  page error: ${error.message}`) })
  await page.goto(address)
  // Modules run before `load`.
  if (!(await page.evaluate(() => window.bench !== undefined))) throw new Error('the page did not start')
  const step = (name, parameters = {}, limitMs = LIMIT_MS) => {
    const answer = page.evaluate(([name, parameters]) => window.bench[name](parameters), [name, parameters])
    return within(answer, name, limitMs)
  }
  return { page, step, close: () => page.close() }
}

async function within(answer, name, limitMs) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => { reject(new TooSlow(`${name} took more than ${limitMs} ms`)) }, limitMs)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}

function findChromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM
  const names = ['chromium', 'chromium-browser', 'google-chrome']
  const files = process.env.PATH.split(delimiter).flatMap(folder => names.map(name => join(folder, name)))
  const found = files.find(isProgram)
  if (found === undefined) throw new Error('no chromium in PATH; name one in CHROMIUM')
  return found
}

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
