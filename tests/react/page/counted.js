// Counts who watches. Knows nothing of React.

/** What is watched, and how many subscriptions it has had and has. */
export function counted(live) {
  const count = { begun: 0, standing: 0 }
  const subscribe = listener => {
    const unsubscribe = live.subscribe(listener)
    count.begun += 1
    count.standing += 1
    return () => {
      count.standing -= 1
      unsubscribe()
    }
  }
  const { snapshot, loaded } = live
  const iterate = () => live[Symbol.asyncIterator]()
  return { count, live: { subscribe, snapshot, loaded, [Symbol.asyncIterator]: iterate } }
}
