// Seeded documents of about 230 bytes of JSON, the same for every engine and every run.

const WORDS = `
  about above across action active actual after again agree ahead allow alone along among amount animal answer
  anyone apple area argue arrive artist autumn baker balance basket beach because become before begin behind
  believe benefit better beyond board border bottle bottom branch bread break bridge bright bring broken
  brother budget build butter button camera candle carbon career carry castle catch cause center certain chair
  chance change charge cheap check child choice circle claim class clean clear client climb clock close cloud
  coffee collect color column common compare contact corner cotton count country couple course cover create
  credit cross crowd current damage dance danger debate decide deep defend degree deliver demand depend design
  detail device dinner direct doctor dollar double doubt dragon dream drive early earth eastern editor effect
  effort eight either elbow energy engine enough enter entire equal escape evening event every exact example
  expect factor family famous farmer father feature field figure filter final finger finish flight floor
  flower follow forest forget formal forward frame fresh friend front future garden gather general gentle
  glass global golden ground group growth guess guide habit handle happen harbor health heavy hidden history
  honest horse hotel hundred hunter image impact income indeed inside island jacket joint journey judge
  kitchen ladder language large later laugh layer leader learn leather letter level light limit listen little
  local lucky lunch machine magic manage margin market matter meadow measure member memory metal middle minute
  mirror modern moment money month moral motion mountain narrow nation nature nearly needle network never
  night noise normal north notice number object ocean offer office often option orange order origin other
  outside owner packet paint paper parent party pencil people period phone photo piece pilot place planet
  plant plate player pocket point police policy power prefer present press price print prison profit proof
  proper public purple quality quarter queen quick quiet railway range rather reach ready reason record reduce
  region remain remove repeat report result return river rocket round royal rubber sample school science
`
  .trim()
  .split(/\s+/)

const LETTERS = '0123456789abcdefghijklmnopqrstuvwxyz'

/** A generator of numbers from 0 to 1, by mulberry32. */
export function generator(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** The id of document `index`: 16 random-looking characters, as applications use, so that inserts come in no key order. */
export function idOf(index) {
  const random = generator(0x1d000000 + index)
  let id = ''
  for (let at = 0; at < 16; at++) id += LETTERS[(random() * 36) | 0]
  return id
}

/** Document `index` in a version; version 0 is as first written. */
export function documentOf(index, version = 0, tag = '') {
  const random = generator(Math.imul(index + 1, 2654435761) ^ Math.imul(version + 1, 40503))
  const word = () => WORDS[(random() * WORDS.length) | 0]
  let body = word()
  const length = 80 + ((random() * 40) | 0)
  while (body.length < length) body += ` ${word()}`
  return {
    id: idOf(index),
    title: `${tag === '' ? '' : `${tag} `}${word()} ${word()} ${word()}`,
    body: body.slice(0, 120),
    done: random() < 0.5,
    tags: [word(), word(), word()],
    n: (random() * 100000) | 0,
    updatedAt: 1700000000000 + ((random() * 1e10) | 0) + version,
  }
}

/** `[id, document]` for so many documents. */
export function entries(count, from = 0) {
  return Array.from({ length: count }, (_, index) => [idOf(from + index), documentOf(from + index)])
}

/** So many different indexes below a bound, seeded. */
export function sample(bound, count, seed) {
  const random = generator(seed)
  const chosen = new Set()
  while (chosen.size < count) chosen.add((random() * bound) | 0)
  return [...chosen]
}

/** One text for a document, whatever the order of its fields. */
export function canonical(document) {
  if (document === undefined || document === null) return 'null'
  const { id, title, body, done, tags, n, updatedAt } = document
  return JSON.stringify([id, title, body, done, [...(tags ?? [])], n, updatedAt])
}
