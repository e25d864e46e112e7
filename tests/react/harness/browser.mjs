// A browser without a window. Knows nothing of the page.

import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'

const CANDIDATES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const QUIET = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']
  .concat(['--disable-component-update', '--disable-sync'])

/** Launches it. */
export async function launch() {
  const executablePath = CANDIDATES.find(path => path && existsSync(path))
  if (executablePath === undefined) throw new Error('no Chromium was found: install it, or set CHROMIUM to its path')
  return chromium.launch({ executablePath, args: QUIET })
}
