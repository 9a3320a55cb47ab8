// New versions: the worker fetches one beside the running app; the reader says when it takes over.
import { ref } from 'vue'

const EVERY_MS = 3_600_000

/** A new version waits. */
export const waitingWorker = ref<ServiceWorker | null>(null)
/** An entry is under way: no update is offered now. */
export const isEntering = ref(false)
let registration: ServiceWorkerRegistration | null = null

export async function watchVersions(): Promise<void> {
  if (!('serviceWorker' in navigator)) return
  registration = await navigator.serviceWorker.register('/f/sw.js', { scope: '/f/' })
  offer(registration.waiting)
  registration.addEventListener('updatefound', () => watch(registration?.installing ?? null))
  window.addEventListener('online', () => void look())
  setInterval(() => void look(), EVERY_MS)
}

/** Look for a new version; without a network nothing happens. */
export async function look(): Promise<void> {
  await registration?.update().catch(() => undefined)
}

/** Let the waiting version take over, then open it. */
export function takeUpdate(): void {
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true })
  waitingWorker.value?.postMessage('take-over')
}

function watch(worker: ServiceWorker | null): void {
  worker?.addEventListener('statechange', () => {
    if (worker.state === 'installed') offer(worker)
  })
}

/** The first worker of a phone is no update. */
function offer(worker: ServiceWorker | null): void {
  if (worker && navigator.serviceWorker.controller) waitingWorker.value = worker
}
