// Catches WebAssembly memories as they are made: what the browser tells of a page's memory leaves them out. Must be loaded
// before any engine.

const memories = new Set()
const { Memory, Instance } = WebAssembly

WebAssembly.Memory = new Proxy(Memory, {
  construct(target, parameters) {
    const memory = new target(...parameters)
    memories.add(memory)
    return memory
  },
})

WebAssembly.Instance = new Proxy(Instance, {
  construct(target, parameters) {
    const instance = new target(...parameters)
    see(instance)
    return instance
  },
})

for (const name of ['instantiate', 'instantiateStreaming']) {
  const original = WebAssembly[name]
  WebAssembly[name] = async (...parameters) => {
    const made = await original.apply(WebAssembly, parameters)
    see(made.instance ?? made)
    return made
  }
}

function see(instance) {
  for (const exported of Object.values(instance.exports)) if (exported instanceof Memory) memories.add(exported)
}

/** The bytes of all WebAssembly memories of this page. */
export function wasmBytes() {
  return [...memories].reduce((sum, memory) => sum + memory.buffer.byteLength, 0)
}

/** The bytes of the page without them. */
export async function pageBytes() {
  if (!crossOriginIsolated || performance.measureUserAgentSpecificMemory === undefined) {
    return performance.memory.usedJSHeapSize
  }
  return (await performance.measureUserAgentSpecificMemory()).bytes
}
