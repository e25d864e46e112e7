// Access tokens as an app's own server would make them: JWT with HS256. Knows nothing of who asks for one.

import { createHmac, randomBytes } from 'node:crypto'

export function newSecret() {
  return randomBytes(32).toString('hex')
}

/** A token that grants `{ database: 'read' | 'write' }` for some seconds; a negative number makes one that has expired. */
export function mintToken(secret, grants, seconds) {
  const claims = { sub: 'somebody', exp: Math.floor(Date.now() / 1000) + seconds, eyot: grants }
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

function part(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
