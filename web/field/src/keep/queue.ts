// The queue: what a reader entered at a stop, kept until the server has it, and some days longer to look at.
import type { StopAnswer } from '../api/schema'
import type { EntryRow, EntryState, FieldDatabase, PhotoRow } from './database'
import type { Person } from './person'
import { open, openJson, seal, sealJson } from './sealing'

const KEPT_DAYS = 3
const DAY_MS = 86_400_000

/** What the server said of one part of an entry: "accepted", "same", or the name of its error. */
export interface Answer {
  clientId: string
  status: string
  message: string
}

/** One register's value; its number is made with it and never changes. */
export interface Value {
  clientId: string
  register: string
  value: string
}

/**
 * What was entered at one stop. `id` is the visit's own number. `outcome` is "read", or why there are no values;
 * `confirmed` are the words of the warnings that the reader stands by.
 */
export interface Entry {
  id: string
  stop: StopAnswer
  outcome: string
  values: Value[]
  confirmed: string[]
  note: string
  takenAt: string
  answers: Answer[]
}

export interface KeptEntry extends Entry {
  state: EntryState
  made: number
  photo: { id: string; attachment: number | null } | null
}

export interface Draft {
  stop: StopAnswer
  outcome: string
  values: { register: string; value: string }[]
  confirmed: string[]
  note: string
  photo: Blob | null
  /** The number of an entry of the same stop that this one takes the place of, unless it was sent meanwhile. */
  replaces: string | null
}

/** Keep an entry with its photo, both or neither; returns its number. */
export async function addEntry(database: FieldDatabase, person: Person, draft: Draft, now: Date): Promise<string> {
  const { photo, values, replaces, ...rest } = draft
  const id = crypto.randomUUID()
  const entry: Entry = {
    id,
    ...rest,
    values: values.map((value) => ({ clientId: crypto.randomUUID(), ...value })),
    takenAt: now.toISOString(),
    answers: [],
  }
  // Sealed first: a transaction of IndexedDB ends by itself while one waits for anything else.
  const row = await entryRow(person, entry, 'waiting', now.getTime())
  const photoRow = photo ? await sealedPhoto(person, id, photo) : null
  await database.transaction('rw', database.entries, database.photos, async () => {
    if (replaces) await removeUnsent(database, replaces)
    await database.entries.add(row)
    if (photoRow) await database.photos.add(photoRow)
  })
  return id
}

/** Return a person's entries, the oldest first. */
export async function entriesOf(database: FieldDatabase, person: Person): Promise<KeptEntry[]> {
  const states: EntryState[] = ['waiting', 'sent', 'refused']
  const keys = states.map((state) => [person.login, state])
  const rows = await database.entries.where('[owner+state]').anyOf(keys).sortBy('made')
  return Promise.all(rows.map((row) => readRow(database, person, row)))
}

export async function waitingOf(database: FieldDatabase, person: Person): Promise<KeptEntry[]> {
  const rows = await database.entries.where('[owner+state]').equals([person.login, 'waiting']).sortBy('made')
  return Promise.all(rows.map((row) => readRow(database, person, row)))
}

/** Keep what the server said of an entry. */
export async function answerEntry(
  database: FieldDatabase, person: Person, kept: KeptEntry, answers: Answer[],
): Promise<void> {
  const isTaken = answers.every(({ status }) => status === 'accepted' || status === 'same')
  const { state: _state, made, photo: _photo, ...entry } = kept
  await database.entries.put(await entryRow(person, { ...entry, answers }, isTaken ? 'sent' : 'refused', made))
}

/** Put a refused entry in the queue again as it is; the server knows its numbers, so nothing is stored twice. */
export async function retryEntry(database: FieldDatabase, id: string): Promise<void> {
  await database.entries.update(id, { state: 'waiting' })
}

/** Remove an entry that the server refused, at the reader's word; any other stays. */
export async function removeRefused(database: FieldDatabase, id: string): Promise<void> {
  await database.transaction('rw', database.entries, database.photos, async () => {
    const row = await database.entries.get(id)
    if (row?.state === 'refused') await removeUnsent(database, id)
  })
}

async function removeUnsent(database: FieldDatabase, id: string): Promise<void> {
  const row = await database.entries.get(id)
  if (!row || row.state === 'sent') return
  await database.entries.delete(id)
  await database.photos.where('entry').equals(id).delete()
}

export async function photoContent(database: FieldDatabase, person: Person, id: string): Promise<ArrayBuffer> {
  const row = await database.photos.get(id)
  if (!row) throw new Error(`no photo ${id}`)
  return open(person.key, row.sealed, `photo:${person.login}:${id}`)
}

export async function photoSent(database: FieldDatabase, id: string, attachment: number): Promise<void> {
  await database.photos.update(id, { attachment })
}

/** Remove what the server has had for some days; what it has not is never removed. */
export async function removeOld(database: FieldDatabase, person: Person, now: Date): Promise<number> {
  const limit = now.getTime() - KEPT_DAYS * DAY_MS
  return database.transaction('rw', database.entries, database.photos, async () => {
    const sent = database.entries.where('[owner+state]').equals([person.login, 'sent'])
    const old = await sent.and((row) => row.made < limit).primaryKeys()
    await database.photos.where('entry').anyOf(old).delete()
    await database.entries.bulkDelete(old)
    return old.length
  })
}

async function entryRow(person: Person, entry: Entry, state: EntryState, made: number): Promise<EntryRow> {
  const sealed = await sealJson(person.key, entry, `entry:${person.login}:${entry.id}`)
  return { id: entry.id, owner: person.login, state, made, sealed }
}

async function sealedPhoto(person: Person, entry: string, photo: Blob): Promise<PhotoRow> {
  const id = crypto.randomUUID()
  const sealed = await seal(person.key, await photo.arrayBuffer(), `photo:${person.login}:${id}`)
  return { id, owner: person.login, entry, attachment: null, sealed }
}

async function readRow(database: FieldDatabase, person: Person, row: EntryRow): Promise<KeptEntry> {
  const entry = await openJson<Entry>(person.key, row.sealed, `entry:${person.login}:${row.id}`)
  const photo = await database.photos.where('entry').equals(row.id).first()
  return {
    ...entry,
    state: row.state,
    made: row.made,
    photo: photo ? { id: photo.id, attachment: photo.attachment } : null,
  }
}
