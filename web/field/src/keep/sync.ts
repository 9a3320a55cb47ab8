// Sending the queue: photos first, each once, then the entries. Whatever breaks off is sent again under the same
// numbers, and the server answers "same"; so nothing is lost and nothing is there twice.
import { type Api, NotSignedIn, Refused, Unreachable } from '../api/client'
import type { ItemAnswer, SyncBody } from '../api/schema'
import type { FieldDatabase } from './database'
import type { Person } from './person'
import { type Answer, type KeptEntry, answerEntry, photoContent, photoSent, waitingOf } from './queue'

/** So many entries go in one call; with up to eleven registers each this stays below what the door takes. */
export const BATCH = 20

/** done: nothing waits. unreachable: later by itself. signed-out: the reader signs in again. */
export type SyncEnd = 'done' | 'unreachable' | 'signed-out'

/** Send what waits. Windows of the same phone do not send at once. */
export async function sendQueue(database: FieldDatabase, person: Person, api: Api, token: string): Promise<SyncEnd> {
  const send = () => sendAll(database, person, api, token)
  const locks = globalThis.navigator?.locks
  return locks ? locks.request(`mingdu-sync-${person.login}`, send) : send()
}

async function sendAll(database: FieldDatabase, person: Person, api: Api, token: string): Promise<SyncEnd> {
  const sender = new Sender(database, person, api, token)
  try {
    for (;;) {
      const batch = (await waitingOf(database, person)).slice(0, BATCH)
      if (!batch.length) return 'done'
      await sender.send(batch)
    }
  } catch (error) {
    if (error instanceof Unreachable) return 'unreachable'
    if (error instanceof NotSignedIn) return 'signed-out'
    throw error
  }
}

class Sender {
  constructor(
    private readonly database: FieldDatabase,
    private readonly person: Person,
    private readonly api: Api,
    private readonly token: string,
  ) {}

  async send(batch: KeptEntry[]): Promise<void> {
    const ready: KeptEntry[] = []
    for (const entry of batch) {
      if (await this.sendPhoto(entry)) ready.push(entry)
    }
    if (ready.length) await this.sendEntries(ready)
  }

  /** Send an entry's photo unless it was; tells whether the entry may follow. */
  private async sendPhoto(entry: KeptEntry): Promise<boolean> {
    if (!entry.photo || entry.photo.attachment !== null) return true
    const content = await photoContent(this.database, this.person, entry.photo.id)
    try {
      const stored = await this.api.attach(this.token, new Blob([content], { type: 'image/jpeg' }))
      await photoSent(this.database, entry.photo.id, stored.id)
      entry.photo.attachment = stored.id
      return true
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      await this.refuse(entry, error)
      return false
    }
  }

  private async sendEntries(entries: KeptEntry[]): Promise<void> {
    try {
      const { results } = await this.api.sync(this.token, bodyOf(entries))
      for (const entry of entries) await answerEntry(this.database, this.person, entry, answersOf(entry, results))
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      // The call as a whole was refused: sent one by one, only what is at fault stays behind.
      if (entries.length === 1) return this.refuse(entries[0]!, error)
      for (const entry of entries) await this.sendEntries([entry])
    }
  }

  private refuse(entry: KeptEntry, error: Refused): Promise<void> {
    const answer = { clientId: entry.id, status: error.code, message: error.message }
    return answerEntry(this.database, this.person, entry, [answer])
  }
}

export function bodyOf(entries: KeptEntry[]): SyncBody {
  const items = entries.flatMap((entry) =>
    entry.values.map(({ clientId, register, value }) => ({
      client_id: clientId,
      task_id: entry.stop.task_id,
      register: register as SyncBody['items'][number]['register'],
      value,
      read_at: entry.stop.read_at,
      taken_at: entry.takenAt,
      photo: entry.photo?.attachment ?? null,
    })),
  )
  const visits = entries.map((entry) => ({
    client_id: entry.id,
    task_id: entry.stop.task_id,
    outcome: entry.outcome,
    taken_at: entry.takenAt,
    note: noteOf(entry),
    photo: entry.photo?.attachment ?? null,
    is_confirmed: entry.confirmed.length > 0,
  }))
  return { items, visits }
}

/** His own words, and under them the warnings that he stands by. */
function noteOf(entry: KeptEntry): string {
  return [entry.note, ...entry.confirmed].filter(Boolean).join('\n').slice(0, 2000)
}

/** What the server said of each part of an entry; a part without an answer is not taken for sent. */
function answersOf(entry: KeptEntry, results: ItemAnswer[]): Answer[] {
  const said = new Map(results.map((result) => [result.client_id, result]))
  return [...entry.values.map(({ clientId }) => clientId), entry.id].map((clientId) => {
    const { status, message } = said.get(clientId) ?? { status: 'NoAnswer', message: '' }
    return { clientId, status, message }
  })
}
