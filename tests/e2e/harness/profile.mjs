// A browser profile: one headless Chromium with a folder of its own, and what survives in it. Knows nothing of notes.

import { cp, rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { chromium } from 'playwright-core'
import { browserProgram } from './environment.mjs'
import { Tab } from './tab.mjs'
import { within } from './wait.mjs'

const launchTimeoutMs = 120_000
const closeTimeoutMs = 20_000

// Without a sandbox, because the tests may run as root in a container; without what calls out.
const flags = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-quic', '--no-first-run']
  .concat(['--disable-background-networking', '--disable-component-update', '--disable-sync'])

export class Profile {
  #settings
  #context
  #processId

  /** `settings` go into the app's own settings before a page first looks at them, e.g. `{ sync: 'off' }`. */
  constructor({ name, folder, address, settings = {} }) {
    this.name = name
    this.address = address
    this.folder = folder
    this.#settings = settings
  }

  async launch() {
    this.#context = await chromium.launchPersistentContext(this.folder, {
      executablePath: browserProgram(),
      args: flags,
      headless: true,
      viewport: { width: 1180, height: 800 },
      timeout: launchTimeoutMs,
    })
    await this.#context.addInitScript(rememberSettings, this.#settings)
    const session = await this.#context.browser().newBrowserCDPSession()
    const { processInfo } = await session.send('SystemInfo.getProcessInfo')
    this.#processId = processInfo.find((one) => one.type === 'browser').id
    await session.detach()
    return this
  }

  /** The browser, while it runs. */
  get browser() {
    return this.#context.browser()
  }

  /** A tab with the app in it, ready to be used. */
  async open(options) {
    const tab = await this.openEmpty()
    await tab.load(options)
    return tab
  }

  /** A tab with nothing in it yet. */
  async openEmpty() {
    if (this.#context === undefined) await this.launch()
    return new Tab(this, await this.#context.newPage())
  }

  /** Kills the browser with everything in it (SIGKILL): no page is told, nothing is tidied up. */
  async kill() {
    const context = this.#context
    const closed = new Promise((resolve) => context.once('close', resolve))
    process.kill(this.#processId, 'SIGKILL')
    this.#context = undefined
    await within(closeTimeoutMs, 'the browser is gone', closed)
  }

  /** Copies all that survives into another folder, as a person copies a profile. The browser must have ended. */
  async copyTo(folder) {
    // What marks the profile as in use by a process stays behind.
    await cp(this.folder, folder, { recursive: true, filter: (path) => !basename(path).startsWith('Singleton') })
  }

  /** Puts such a copy in the place of all that is there, as a person restores a backup. */
  async setBackTo(folder) {
    await rm(this.folder, { recursive: true })
    await cp(folder, this.folder, { recursive: true })
  }

  async close() {
    const context = this.#context
    this.#context = undefined
    if (context === undefined) return
    try {
      await within(closeTimeoutMs, 'the browser closes', context.close())
    } catch (error) {
      process.kill(this.#processId, 'SIGKILL')
      throw error
    }
  }
}

/** Runs in every page, before the app. What the app has changed since stays. */
function rememberSettings(settings) {
  if (localStorage.getItem('field-notes.prepared') !== null) return
  localStorage.setItem('field-notes.prepared', 'yes')
  for (const [name, value] of Object.entries(settings)) localStorage.setItem(`field-notes.${name}`, value)
}
