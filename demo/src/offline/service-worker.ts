// The service worker: what lets the app start with no network. It keeps one build's files whole, so a page and
// its assets always fit together. It knows nothing of notes: those are in IndexedDB, and Eyot brings them there.
/** Put here by the build: an id of the contents, and the name of every file. */
declare const __BUILD__: { id: string; files: string[] }

// TypeScript's library knows `self` as any kind of worker; this file runs as one kind only.
const worker = self as unknown as ServiceWorkerGlobalScope
const build = __BUILD__
const cacheName = `field-notes-${build.id}`
const page = 'index.html'
/** A network that accepts the connection and then says nothing must not keep the app from starting. */
const pageTimeoutMs = 3000

worker.addEventListener('install', (event) => event.waitUntil(install()))
worker.addEventListener('activate', (event) => event.waitUntil(activate()))
worker.addEventListener('fetch', (event) => {
  const answer = answerTo(event.request)
  if (answer !== undefined) event.respondWith(answer)
})

/** All files or none: a build that is kept in part would start and then fail. */
async function install(): Promise<void> {
  const cache = await caches.open(cacheName)
  await cache.addAll(build.files.map((file) => new Request(urlOf(file), { cache: 'reload' })))
  await worker.skipWaiting()
}

async function activate(): Promise<void> {
  const names = await caches.keys()
  const old = names.filter((name) => name.startsWith('field-notes-') && name !== cacheName)
  await Promise.all(old.map((name) => caches.delete(name)))
  await worker.clients.claim()
}

function answerTo(request: Request): Promise<Response> | undefined {
  if (request.method !== 'GET') return undefined
  if (request.mode === 'navigate') return freshPage(request)
  return isOfBuild(request) ? kept(request) : undefined
}

/** Network first, so that a new version shows at the next start; the kept page when there is no network. */
async function freshPage(request: Request): Promise<Response> {
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(pageTimeoutMs) })
    if (response.ok) return response
  } catch {
    // Offline is an ordinary state here, not an error: the kept page is the answer.
  }
  return (await caches.match(urlOf(page))) ?? Response.error()
}

/** Cache first: the names of assets carry a hash of their contents. */
async function kept(request: Request): Promise<Response> {
  return (await caches.match(request, { ignoreSearch: true })) ?? fetch(request)
}

function isOfBuild(request: Request): boolean {
  return build.files.some((file) => urlOf(file) === request.url.split(/[?#]/, 1)[0])
}

/** The page is kept under its folder's address: a server may answer `index.html` itself with a redirect. */
function urlOf(file: string): string {
  return new URL(file === page ? './' : file, worker.registration.scope).href
}
