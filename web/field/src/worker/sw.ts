/// <reference lib="webworker" />
// The service worker: it keeps the built app on the phone, so that it opens in a basement, and brings a new
// version only when the reader says so. It never touches what he has collected, nor any call of the API.

declare const self: ServiceWorkerGlobalScope
export {}

/** Address and SHA-256 of every file of this build; the build writes them in. */
const FILES: [string, string][] = JSON.parse('__PRECACHE__')
const SHELL = '/f/'
const PREFIX = 'mingdu-field-'

class WrongContent extends Error {}

self.addEventListener('install', (event) => event.waitUntil(keepAll()))
self.addEventListener('activate', (event) => event.waitUntil(takeOver()))
self.addEventListener('message', (event) => {
  if (event.data === 'take-over') void self.skipWaiting()
})
self.addEventListener('fetch', (event) => {
  const address = addressOf(event.request)
  if (address) event.respondWith(kept(address, event.request))
})

/** What of this request we keep: a page of the app is the shell, a file of the build is itself. */
function addressOf(request: Request): string | null {
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== self.location.origin) return null
  if (request.mode === 'navigate') return url.pathname.startsWith(SHELL) ? SHELL : null
  return FILES.some(([address]) => address === url.pathname) ? url.pathname : null
}

async function kept(address: string, request: Request): Promise<Response> {
  const cache = await caches.open(await cacheName())
  return (await cache.match(address)) ?? fetch(request)
}

/** Keep every file, or none: an app with half of its files must not take over. */
async function keepAll(): Promise<void> {
  const name = await cacheName()
  const cache = await caches.open(name)
  try {
    await Promise.all(FILES.map(async ([address, hash]) => cache.put(address, await proven(address, hash))))
  } catch (error) {
    await caches.delete(name)
    throw error
  }
}

/** Fetch a file and prove it by its hash; a server in the middle of a change must not mix two versions. */
async function proven(address: string, hash: string): Promise<Response> {
  const answer = await fetch(address, { cache: 'no-cache', credentials: 'same-origin' })
  const found = answer.ok ? await hashOf(await answer.clone().arrayBuffer()) : `status ${answer.status}`
  if (found !== hash) throw new WrongContent(`${address}: ${found}`)
  return answer
}

async function takeOver(): Promise<void> {
  const own = await cacheName()
  const others = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== own)
  await Promise.all(others.map((name) => caches.delete(name)))
  await self.clients.claim()
}

/** A build is named by what it holds. */
async function cacheName(): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify(FILES))
  return PREFIX + (await hashOf(text.buffer)).slice(0, 16)
}

async function hashOf(content: ArrayBuffer): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', content)
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
