// The page: plays a scenario by its name, on a database that is made for it and destroyed afterwards.

import { destroy, open } from 'eyot'

import * as scenarios from './scenarios.js'

window.play = async name => {
  const database = `play-${name.toLowerCase()}`
  const db = await open(database)
  try {
    return await scenarios[name](db)
  } finally {
    await db.close()
    await destroy(database)
  }
}
window.ready = true
