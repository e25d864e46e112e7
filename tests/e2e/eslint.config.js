// What the linter holds the end-to-end tests to: short files, short functions, nothing unused or undefined.
import js from '@eslint/js'

const node = ['Buffer', 'URL', 'clearTimeout', 'console', 'fetch', 'process', 'setTimeout']
const page = ['AbortSignal', 'Event', 'TextEncoder', 'caches', 'crypto', 'document', 'localStorage', 'location', 'navigator']

export default [
  js.configs.recommended,
  {
    languageOptions: {
      globals: Object.fromEntries([...node, ...page, 'performance', 'window'].map((name) => [name, 'readonly'])),
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'max-lines': ['error', 400],
      'max-lines-per-function': ['error', { max: 70 }],
      eqeqeq: 'error',
      'no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'prefer-const': 'error',
    },
  },
]
