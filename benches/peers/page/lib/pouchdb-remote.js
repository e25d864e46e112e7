// A PouchDB as the replicator of another one sees it from afar: the calls that replication makes cross a pipe as JSON, and
// so do their answers. One call is two messages.

const CALLS = ['info', 'id', 'get', 'put', 'revsDiff', 'bulkGet', 'bulkDocs', 'allDocs']

export function remote(db, pipe) {
  const crossing = Object.fromEntries(CALLS.map(name => [name, crossingCall(db, name, pipe)]))
  crossing.changes = options => changes(db, options, pipe)
  return new Proxy(db, {
    get(target, name) {
      if (name in crossing) return crossing[name]
      const own = target[name]
      return typeof own === 'function' ? own.bind(target) : own
    },
  })
}

function crossingCall(db, name, pipe) {
  return async (...parameters) => {
    pipe.json([name, parameters])
    let answer
    try {
      answer = await db[name](...parameters)
    } catch (error) {
      pipe.json({ error: error.name, status: error.status })
      throw error
    }
    return pipe.json(answer)
  }
}

/** The feed of changes, as far as the replicator uses it: it listens to 'change', and then awaits the answer. */
function changes(db, { onChange, complete, ...options }, pipe) {
  if (onChange !== undefined || complete !== undefined) throw new Error('changes with callbacks is not carried')
  pipe.json(['changes', options])
  const feed = db.changes(options)
  const listeners = []
  const answer = feed.then(local => {
    const crossed = pipe.json(local)
    for (const change of crossed.results) for (const listener of listeners) listener(change, undefined, crossed.last_seq)
    return crossed
  })
  const seen = {
    on(event, listener) {
      if (event === 'change') listeners.push(listener)
      return seen
    },
    once: () => seen,
    removeListener: () => seen,
    cancel: () => { feed.cancel() },
    then: (resolved, rejected) => answer.then(resolved, rejected),
    catch: rejected => answer.catch(rejected),
  }
  return seen
}
