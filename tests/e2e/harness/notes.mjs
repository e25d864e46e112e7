// Notes to test with. Knows nothing of what they are for.

export function noteOf(title, text = `About ${title}.`) {
  return { title, text, tags: [], done: false }
}

/** So many notes as `[id, note]`. */
export function notesOf(count, prefix) {
  return Array.from({ length: count }, (_, index) => [`${prefix}-${index}`, noteOf(`${prefix} ${index}`, 'x'.repeat(400))])
}
