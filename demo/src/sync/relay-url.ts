// Where the relay is: from what a person typed, or from where the page came from. Pure.

/** The name that the database has at the relay. */
export const databaseName = 'field-notes'

/** The endpoint to sync with: the typed address, or the page's own server, and the database's name. */
export function syncUrl(typed: string, pageAddress: string): string {
  const base = typed.trim() === '' ? defaultRelay(pageAddress) : asSocketAddress(typed.trim())
  return `${base.replace(/\/+$/, '')}/${databaseName}`
}

/** The sync address of the server that sent the page. */
export function defaultRelay(pageAddress: string): string {
  const { protocol, host } = new URL(pageAddress)
  return `${protocol === 'https:' ? 'wss:' : 'ws:'}//${host}/v1/sync`
}

/** Why the typed address cannot be one; undefined if it can. */
export function whyNoRelay(typed: string): string | undefined {
  if (typed.trim() === '') return undefined
  try {
    const { protocol } = new URL(asSocketAddress(typed.trim()))
    return protocol === 'ws:' || protocol === 'wss:' ? undefined : 'The address begins with wss:// or ws://.'
  } catch {
    return 'This is not an address. One looks like wss://relay.example/v1/sync.'
  }
}

/** People paste the address of the page: `https://` becomes `wss://`, and the path is added if there is none. */
function asSocketAddress(typed: string): string {
  const url = new URL(typed.replace(/^http(s?):\/\//i, 'ws$1://'))
  if (url.pathname === '/') url.pathname = '/v1/sync'
  return url.href
}
