// The demo script from the beginning to the end: two sides, one relay, everything that can come between them.

import { Report } from '../harness/report.mjs'
import { World } from '../harness/world.mjs'
import { apart } from './apart.mjs'
import { begin } from './begin.mjs'
import { interrupt } from './interruption.mjs'
import { reunite, resolve } from './reunion.mjs'
import { Scene } from './scene.mjs'

/** Plays all parts. `tabs` is how many tabs the left side has; `prefix` begins the names of the screenshots. */
export async function runScript({ tabs, prefix, report = new Report(), world = new World() }) {
  try {
    const scene = await Scene.make({ world, report, tabs, prefix })
    await begin(scene)
    await apart(scene)
    await reunite(scene)
    await resolve(scene)
    await interrupt(scene)
    scene.checkErrors()
    report.checkLongestTask()
  } catch (error) {
    report.say(`the relay said last:\n${world.logs.slice(-4_000)}`)
    throw error
  } finally {
    await world.end()
  }
}
