// Real notes to begin with: the packages that this machine has installed, and made ones where there are too few.

import { readFileSync } from 'node:fs'

const statusFile = '/var/lib/dpkg/status'

/** So many notes as `[id, note]`, always the same on the same machine, and how many of them are of real packages. */
export function packageNotes(count) {
  const real = readPackages().slice(0, count).map(noteOfPackage)
  const made = Array.from({ length: count - real.length }, (_, index) => madeNote(index))
  return { entries: [...real, ...made], real: real.length }
}

/** So many made notes as `[id, note]`, about as long as a description of a package. */
export function madeNotes(count, prefix) {
  return Array.from({ length: count }, (_, index) => {
    const [id, note] = madeNote(index)
    return [`${prefix}-${id}`, note]
  })
}

function readPackages() {
  let text
  try {
    text = readFileSync(statusFile, 'utf8')
  } catch {
    return []
  }
  return text.split(/\n\n+/).map(readParagraph).filter((fields) => fields.Package !== undefined && fields.Description !== undefined)
}

/** The fields of a paragraph. A line that begins with a blank goes on with the field before it. */
function readParagraph(paragraph) {
  const fields = {}
  let name = ''
  for (const line of paragraph.split('\n')) {
    const start = /^([A-Za-z-]+):\s*(.*)$/.exec(line)
    if (start !== null) fields[(name = start[1])] = start[2]
    else if (line.startsWith(' ')) fields[name] += `\n${line === ' .' ? '' : line.slice(1)}`
  }
  return fields
}

function noteOfPackage({ Package: name, Version: version, Architecture: kind, Section: section, Description: text }) {
  const tags = section === undefined ? [] : [section]
  return [`${name}:${kind}`, { title: `${name} ${version}`, text, tags, done: false }]
}

const birds = ['heron', 'kingfisher', 'dipper', 'sandpiper', 'goosander', 'wagtail', 'moorhen', 'teal']
const places = ['weir', 'lock', 'ford', 'backwater', 'shingle bank', 'reed bed', 'footbridge', 'eyot']
const doings = ['fishing in the shallows', 'asleep on one leg', 'carrying moss upstream', 'calling at dusk']

function madeNote(index) {
  const of = (words, salt) => words[(index * salt + (index >> 3)) % words.length]
  const [bird, place] = [of(birds, 1), of(places, 3)]
  const lines = Array.from({ length: 3 + (index % 7) }, (_, line) => {
    return `${line + 1}. A ${of(birds, line + 1)} ${of(doings, line + 3)} by the ${of(places, line + 2)}, seen from post ${index % 97}.`
  })
  const note = { title: `The ${bird} at the ${place}, ${index + 1}`, text: lines.join('\n'), tags: [bird], done: false }
  return [`made-${String(index + 1).padStart(6, '0')}`, note]
}
