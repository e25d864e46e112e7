// What the linter holds the harness to: short files, short functions, nothing unused or undefined. Its rules are run by the
// linter of the end-to-end tests.
import endToEnd from '../../tests/e2e/eslint.config.js'

const page = [
  'DataView', 'MessageChannel', 'TextDecoder', 'WebAssembly', 'Worker', 'addEventListener', 'crossOriginIsolated',
  'indexedDB', 'postMessage', 'structuredClone',
]

export default [
  { ignores: ['dist/'] },
  ...endToEnd,
  {
    languageOptions: { globals: Object.fromEntries(page.map(name => [name, 'readonly'])) },
    rules: { 'max-lines-per-function': ['error', { max: 70 }] },
  },
]
