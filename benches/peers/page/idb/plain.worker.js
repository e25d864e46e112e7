// W0: the worker that echoes what it is asked, or puts rows into a database of its own and gives the milliseconds of each.

import { deleteDatabase, openDatabase, write } from '../lib/idb.js'
import { timesOf } from '../lib/timing.js'

addEventListener('message', async ({ data: { echo, rows } }) => {
  if (echo !== undefined) {
    postMessage(echo)
    return
  }
  await deleteDatabase('in-worker')
  const database = await openDatabase('in-worker', { docs: null })
  const put = at => {
    const [key, value] = rows[at]
    return write(database, 'docs', store => store.put(value, key))
  }
  postMessage(await timesOf(rows.length, put))
  database.close()
})
