// Notes to test with. Knows nothing of what they are for.

export function noteOf(title, text = `About ${title}.`) {
  return { title, text, tags: [], done: false }
}

/** So many notes as `[id, note]`. Their texts have nothing in common, so that packing does not make them much shorter. */
export function notesOf(count, prefix) {
  const random = sequence(prefix)
  const text = () => Array.from({ length: 40 }, () => random().toString(36).padStart(10, '0')).join('')
  return Array.from({ length: count }, (_, index) => [`${prefix}-${index}`, noteOf(`${prefix} ${index}`, text())])
}

/** Numbers below 36^10 that look random, and are the same for the same name. */
function sequence(name) {
  let state = [...name].reduce((state, letter) => Math.imul(state, 31) + letter.charCodeAt(0), 7) >>> 0
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state
  }
  return () => (next() % 60_466_176) * 60_466_176 + (next() % 60_466_176)
}
