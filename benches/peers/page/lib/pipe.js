// What connects two replicas in one page, and counts what crosses. Objects cross as JSON text, written on one side and read
// on the other, both inside of what is timed; bytes cross as a copy.

const encoder = new TextEncoder()

/** A pipe for one sync. Its time begins when it is made. */
export class Pipe {
  #start = performance.now()
  #bytes = 0
  #messages = 0

  /** An object crosses; `undefined` is a message without contents. */
  json(value) {
    if (value !== undefined) return JSON.parse(this.text(JSON.stringify(value)))
    this.count(0)
    return undefined
  }

  text(text) {
    this.count(utf8Length(text))
    return text
  }

  binary(bytes) {
    this.count(bytes.byteLength)
    return bytes.slice()
  }

  /** A message of so many bytes has crossed in another way. */
  count(bytes) {
    this.#bytes += bytes
    this.#messages += 1
  }

  result() {
    return { bytes: this.#bytes, messages: this.#messages, ms: performance.now() - this.#start }
  }
}

/** Resolves in a task of its own, sooner than a timer. */
export function tick() {
  return new Promise(resolve => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(0)
  })
}

function utf8Length(text) {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 127) return encoder.encode(text).length
  return text.length
}
