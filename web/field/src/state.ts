// What the app shows, and the few things that change it.
import { computed, reactive, ref } from 'vue'
import { NotSignedIn, Refused, Unreachable, api } from './api/client'
import type { StopAnswer } from './api/schema'
import { FieldDatabase, askToKeep } from './keep/database'
import { type Person, addPerson, keepNote, dropNote, knownPeople, readNote, unlock } from './keep/person'
import { type Draft, type KeptEntry, addEntry, entriesOf, removeOld } from './keep/queue'
import { sendQueue } from './keep/sync'
import { errorWords, words } from './words'

const EVERY_MS = 60_000
const READER = 'reader'

export const database = new FieldDatabase()
export const person = ref<Person | null>(null)
export const state = reactive({
  online: navigator.onLine,
  signedOut: false,
  sending: false,
  refreshing: false,
  persisted: false,
  /** What went wrong unexpectedly, in words; the reader is told instead of left alone. */
  fault: '',
  stops: [] as StopAnswer[],
  loadedAt: '',
  entries: [] as KeptEntry[],
})
let token = ''

export const waiting = computed(() => state.entries.filter((entry) => entry.state === 'waiting').length)
export const refused = computed(() => state.entries.filter((entry) => entry.state === 'refused').length)

export type StopState = 'open' | 'read' | 'missed'

export interface StopLine {
  stop: StopAnswer
  state: StopState
  entry: KeptEntry | null
}

/** The route in walking order with what was entered; what the server has taken off it stays while it is kept here. */
export const lines = computed<StopLine[]>(() => {
  const latest = new Map(state.entries.map((entry) => [entry.stop.task_id, entry]))
  const stops = new Map([...latest.values()].map(({ stop }) => [stop.task_id, stop]))
  for (const stop of state.stops) stops.set(stop.task_id, stop)
  return [...stops.values()].sort(inWalkingOrder).map((stop) => {
    const entry = latest.get(stop.task_id) ?? null
    return { stop, entry, state: stateOf(entry) }
  })
})

function stateOf(entry: KeptEntry | null): StopState {
  if (!entry || entry.state === 'refused') return 'open'
  return entry.outcome === 'read' ? 'read' : 'missed'
}

function inWalkingOrder(one: StopAnswer, other: StopAnswer): number {
  return one.book.localeCompare(other.book, 'zh') || one.place - other.place || one.task_id - other.task_id
}

/** Sign a reader in for the first time on this phone; throws NotSignedIn, Unreachable, Refused, NotReader. */
export class NotReader extends Error {}
export class AlreadyHere extends Error {}

export async function signInFirst(login: string, password: string, pin: string): Promise<void> {
  const known = await knownPeople(database)
  if (known.some((each) => each.login === login)) throw new AlreadyHere(login)
  const fresh = await api.signIn(login, password)
  const me = await api.me(fresh)
  if (!me.roles.includes(READER)) throw new NotReader(login)
  const added = await addPerson(database, login, me.name, pin)
  await keepNote(database, added, 'token', fresh)
  await enter(added)
}

/** Open the app for a person of this phone; throws WrongPin. */
export async function enterByPin(login: string, pin: string): Promise<void> {
  await enter(await unlock(database, login, pin))
}

async function enter(entered: Person): Promise<void> {
  token = (await readNote<string>(database, entered, 'token')) ?? ''
  const route = await readNote<{ stops: StopAnswer[]; at: string }>(database, entered, 'route')
  state.stops = route?.stops ?? []
  state.loadedAt = route?.at ?? ''
  state.signedOut = !token
  await removeOld(database, entered, new Date())
  state.entries = await entriesOf(database, entered)
  person.value = entered
  state.persisted = await askToKeep()
  void catchUp()
}

/** Close the app for whoever used it; what is kept stays sealed. */
export function lock(): void {
  person.value = null
  token = ''
  state.stops = []
  state.entries = []
}

/** Take a new session by password; the queue stays as it is. Throws NotSignedIn, Unreachable, Refused. */
export async function signInAgain(password: string): Promise<void> {
  const who = signedIn()
  token = await api.signIn(who.login, password)
  await keepNote(database, who, 'token', token)
  state.signedOut = false
  void catchUp()
}

/** Keep what was entered; sends it when there is a network. */
export async function save(draft: Draft): Promise<void> {
  const who = signedIn()
  await addEntry(database, who, draft, new Date())
  await dropNote(database, who, draftName(draft.stop))
  await reload()
  void send()
}

export function draftName(stop: StopAnswer): string {
  return `draft:${stop.task_id}`
}

export async function reload(): Promise<void> {
  if (person.value) state.entries = await entriesOf(database, person.value)
}

/** Send what waits. */
export async function send(): Promise<void> {
  const who = person.value
  if (!who || !token || state.sending || state.signedOut || !waiting.value) return
  state.sending = true
  try {
    const end = await sendQueue(database, who, api, token)
    if (end === 'signed-out') state.signedOut = true
    state.online = end !== 'unreachable'
  } finally {
    state.sending = false
    await reload()
  }
}

/** Get the route anew; without a network the one on the phone stays. */
export async function refreshRoute(): Promise<void> {
  const who = person.value
  if (!who || !token || state.signedOut || state.refreshing) return
  state.refreshing = true
  try {
    const stops = await api.route(token)
    const at = new Date().toISOString()
    await keepNote(database, who, 'route', { stops, at })
    state.online = true
    if (person.value !== who) return
    state.stops = stops
    state.loadedAt = at
  } catch (error) {
    if (error instanceof NotSignedIn) state.signedOut = true
    else if (error instanceof Unreachable) state.online = false
    else if (error instanceof Refused) state.fault = errorWords(error.code).join(' ')
    else throw error
  } finally {
    state.refreshing = false
  }
}

/** Send first, so that the route comes without what was just done. */
async function catchUp(): Promise<void> {
  await send()
  await refreshRoute()
}

/** Watch the network: what waits is sent as soon as it is back. */
export function watchNetwork(): void {
  window.addEventListener('online', () => {
    state.online = true
    void catchUp()
  })
  window.addEventListener('offline', () => {
    state.online = false
  })
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void send()
  })
  // A phone may say that it is online when it is not, and the other way round.
  setInterval(() => void send(), EVERY_MS)
}

/** Tell the reader of a fault that nobody foresaw; a full phone has words of its own. */
export function tellFault(error: unknown): void {
  const isFull = error instanceof Error && /quota/i.test(`${error.name} ${error.message}`)
  state.fault = isFull ? words.value.full : words.value.failed
  console.error(error)
}

export function signedIn(): Person {
  if (!person.value) throw new Error('nobody has opened the app')
  return person.value
}
