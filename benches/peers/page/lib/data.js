// Seeded documents, the same for every engine and every run.
const WORDS = (
  'about above across action active actual after again agree ahead allow alone along among amount animal answer anyone apple area argue arrive ' +
  'artist autumn baker balance basket beach because become before begin behind believe benefit better beyond board border bottle bottom branch ' +
  'bread break bridge bright bring broken brother budget build butter button camera candle carbon career carry castle catch cause center ' +
  'certain chair chance change charge cheap check child choice circle claim class clean clear client climb clock close cloud coffee collect ' +
  'color column common compare contact corner cotton count country couple course cover create credit cross crowd current damage dance danger ' +
  'debate decide deep defend degree deliver demand depend design detail device dinner direct doctor dollar double doubt dragon dream drive early ' +
  'earth eastern editor effect effort eight either elbow energy engine enough enter entire equal escape evening event every exact example expect ' +
  'factor family famous farmer father feature field figure filter final finger finish flight floor flower follow forest forget formal forward ' +
  'frame fresh friend front future garden gather general gentle glass global golden ground group growth guess guide habit handle happen harbor ' +
  'health heavy hidden history honest horse hotel hundred hunter image impact income indeed inside island jacket joint journey judge kitchen ' +
  'ladder language large later laugh layer leader learn leather letter level light limit listen little local lucky lunch machine magic manage ' +
  'margin market matter meadow measure member memory metal middle minute mirror modern moment money month moral motion mountain narrow nation ' +
  'nature nearly needle network never night noise normal north notice number object ocean offer office often option orange order origin other ' +
  'outside owner packet paint paper parent party pencil people period phone photo piece pilot place planet plant plate player pocket point ' +
  'police policy power prefer present press price print prison profit proof proper public purple quality quarter queen quick quiet railway range ' +
  'rather reach ready reason record reduce region remain remove repeat report result return river rocket round royal rubber sample school science'
).split(' ')

// mulberry32
export function prng(seed) {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const ALPHA = '0123456789abcdefghijklmnopqrstuvwxyz'

// The id of document i: 16 random-looking characters (as applications use), so inserts are in no key order.
export function idOf(i) {
  const r = prng(0x1d000000 + i)
  let s = ''
  for (let k = 0; k < 16; k++) s += ALPHA[(r() * 36) | 0]
  return s
}

// Document i in version v (v 0: as first written). About 230 bytes of JSON.
export function docOf(i, v = 0, tag = '') {
  const r = prng(Math.imul(i + 1, 2654435761) ^ Math.imul(v + 1, 40503))
  const w = () => WORDS[(r() * WORDS.length) | 0]
  let body = w()
  const len = 80 + ((r() * 40) | 0)
  while (body.length < len) body += ' ' + w()
  body = body.slice(0, 120)
  return {
    id: idOf(i),
    title: (tag ? tag + ' ' : '') + w() + ' ' + w() + ' ' + w(),
    body,
    done: r() < 0.5,
    tags: [w(), w(), w()],
    n: (r() * 100000) | 0,
    updatedAt: 1700000000000 + ((r() * 1e10) | 0) + v,
  }
}

export function entries(n, from = 0, v = 0, tag = '') {
  const out = new Array(n)
  for (let i = 0; i < n; i++) {
    const d = docOf(from + i, v, tag)
    out[i] = [d.id, d]
  }
  return out
}

// k different indexes below n, seeded.
export function sample(n, k, seed) {
  const r = prng(seed),
    s = new Set()
  while (s.size < k) s.add((r() * n) | 0)
  return [...s]
}

// One text per document whatever the order of its fields.
export function canon(d) {
  if (d === undefined || d === null) return 'null'
  return JSON.stringify([d.id, d.title, d.body, d.done, [...(d.tags || [])], d.n, d.updatedAt])
}
