// W0: what is around IndexedDB: encoding documents, and asking a worker. Knows no engine.

import { quantile, settle, timeOf, timesOf } from '../lib/timing.js'

const ASKED = 300
const WARM_UP = 20

/** The processor alone. */
export async function processorCosts({ objects, texts, bytes }) {
  const [encoder, decoder] = [new TextEncoder(), new TextDecoder()]
  const measures = {
    'JSON.stringify 10,000': () => { for (const value of objects) JSON.stringify(value) },
    'JSON.stringify and TextEncoder 10,000': () => { for (const value of objects) encoder.encode(JSON.stringify(value)) },
    'JSON.parse 10,000': () => { for (const text of texts) JSON.parse(text) },
    'TextDecoder and JSON.parse 10,000': () => { for (const value of bytes) JSON.parse(decoder.decode(value)) },
    'structuredClone 10,000': () => { for (const value of objects) structuredClone(value) },
  }
  const costs = {}
  for (const [name, work] of Object.entries(measures)) {
    await settle()
    costs[`processor: ${name}, ms`] = await timeOf(work)
  }
  return costs
}

/** The way to a worker and back, and a put from inside of it. */
export async function workerCosts({ ids, objects, bytes }) {
  const worker = new Worker(new URL('plain.worker.js', location.href), { type: 'module' })
  const ask = question =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data)
      worker.onerror = reject
      worker.postMessage(question)
    })
  await ask({ echo: 0 })
  await settle()
  await timesOf(WARM_UP, at => ask({ echo: bytes[at] }))
  const p50Us = times => quantile(times, 0.5) * 1000
  const costs = {
    'worker: 250 bytes there and back, p50 us': p50Us(await timesOf(ASKED, at => ask({ echo: bytes[at] }))),
    'worker: an object there and back, p50 us': p50Us(await timesOf(ASKED, at => ask({ echo: objects[at] }))),
  }
  const times = await ask({ rows: bytes.slice(0, ASKED).map((value, at) => [ids[at], value]) })
  costs['worker: one put of 250 bytes, p50 us'] = p50Us(times.slice(WARM_UP))
  worker.terminate()
  return costs
}
