// Where components are shown, and what is waited for. Knows nothing of the hooks.

import { createElement as h, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

/** Shows an element until `end` is called. */
export function show(element, { strict = false } = {}) {
  const place = document.createElement('div')
  document.getElementById('root').append(place)
  const root = createRoot(place)
  const render = next => root.render(strict ? h(StrictMode, null, next) : next)
  render(element)
  const text = () => place.textContent
  const end = () => {
    root.unmount()
    place.remove()
  }
  return { render, text, end }
}

/** Resolves when the condition holds. */
export async function until(what, condition) {
  const deadline = performance.now() + 20_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

/** Lets everything happen that is about to. */
export async function settle() {
  for (let turn = 0; turn < 10; turn += 1) await new Promise(resolve => setTimeout(resolve, 5))
}
