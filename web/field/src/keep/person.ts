// Who works on this phone. Several may share it; none can read another's route, token or readings.
import type { FieldDatabase } from './database'
import { ITERATIONS, makeLock, openJson, openLock, sealJson } from './sealing'

/** A person whose PIN was typed: his key is in memory only, until the app is closed or locked. */
export interface Person {
  login: string
  name: string
  key: CryptoKey
}

export interface KnownPerson {
  login: string
  name: string
  waiting: number
  refused: number
}

/** Make a place for a person on this phone, locked with his PIN. A place that is there is never overwritten. */
export async function addPerson(
  database: FieldDatabase, login: string, name: string, pin: string, iterations = ITERATIONS,
): Promise<Person> {
  const { lock, key } = await makeLock(pin, login, iterations)
  await database.people.add({ login, name, ...lock })
  return { login, name, key }
}

/** Open a person's place; throws WrongPin. */
export async function unlock(database: FieldDatabase, login: string, pin: string): Promise<Person> {
  const row = await database.people.get(login)
  if (!row) throw new Error(`${login} has no place on this phone`)
  return { login, name: row.name, key: await openLock(row, pin, login) }
}

/** Who has a place here, with how much each has not sent; known without a PIN. */
export async function knownPeople(database: FieldDatabase): Promise<KnownPerson[]> {
  const rows = await database.people.toArray()
  return Promise.all(
    rows.map(async ({ login, name }) => {
      const [waiting, refused] = await Promise.all([countOf(database, login, 'waiting'), countOf(database, login, 'refused')])
      return { login, name, waiting, refused }
    }),
  )
}

export function countOf(database: FieldDatabase, owner: string, state: 'waiting' | 'refused' | 'sent'): Promise<number> {
  return database.entries.where('[owner+state]').equals([owner, state]).count()
}

/** Keep a named thing of a person, sealed. */
export async function keepNote(database: FieldDatabase, person: Person, name: string, value: unknown): Promise<void> {
  const id = `${person.login}/${name}`
  await database.notes.put({ id, owner: person.login, sealed: await sealJson(person.key, value, id) })
}

export async function readNote<T>(database: FieldDatabase, person: Person, name: string): Promise<T | null> {
  const id = `${person.login}/${name}`
  const row = await database.notes.get(id)
  return row ? openJson<T>(person.key, row.sealed, id) : null
}

export async function dropNote(database: FieldDatabase, person: Person, name: string): Promise<void> {
  await database.notes.delete(`${person.login}/${name}`)
}

/** There is something of this person that only he can open and that the server does not have. */
export class StillWaiting extends Error {
  override name = 'StillWaiting'
}

/** Remove a person's place; throws StillWaiting while the server lacks anything of his. */
export async function removePerson(database: FieldDatabase, login: string): Promise<void> {
  const tables = [database.people, database.notes, database.entries, database.photos]
  await database.transaction('rw', tables, async () => {
    const unsent = await database.entries.where('[owner+state]').anyOf([[login, 'waiting'], [login, 'refused']]).count()
    if (unsent) throw new StillWaiting(login)
    await database.people.delete(login)
    await database.notes.where('owner').equals(login).delete()
    const entries = await database.entries.filter((row) => row.owner === login).primaryKeys()
    await database.photos.where('entry').anyOf(entries).delete()
    await database.entries.bulkDelete(entries)
  })
}
