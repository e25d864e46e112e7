// The linter holds these tests to what it holds the end-to-end tests to.
import endToEnd from '../e2e/eslint.config.js'

export default [...endToEnd, { rules: { 'max-lines-per-function': ['error', { max: 70 }] } }]
