// What the phone keeps in IndexedDB. Clear in it is only what must be seen before the PIN is typed: whose a row
// is, and whether it was sent. All else is sealed with its owner's key.
import { Dexie, type EntityTable } from 'dexie'
import type { Sealed } from './sealing'

/** A person of this phone; his data key is wrapped by the key that his PIN gives. */
export interface PersonRow {
  login: string
  name: string
  salt: Uint8Array<ArrayBuffer>
  iterations: number
  wrapped: Sealed
}

/** A named sealed thing of a person: "route", "token". */
export interface NoteRow {
  id: string
  owner: string
  sealed: Sealed
}

/** waiting: not sent. sent: the server has it. refused: the server says why it does not take it. */
export type EntryState = 'waiting' | 'sent' | 'refused'

export interface EntryRow {
  id: string
  owner: string
  state: EntryState
  made: number
  sealed: Sealed
}

/** A photo; `attachment` is the server's number of it once it was sent. */
export interface PhotoRow {
  id: string
  owner: string
  entry: string
  attachment: number | null
  sealed: Sealed
}

/**
 * The tables of each version, oldest first. A phone may come with any of them and a full queue, so a line
 * that was delivered is never changed: a new layout is a new line, with its `upgrade`.
 */
export const VERSIONS: { tables: Record<string, string>; upgrade?: (database: Dexie) => Promise<void> }[] = [
  {
    tables: {
      people: 'login',
      notes: 'id, owner',
      entries: 'id, [owner+state]',
      photos: 'id, entry',
    },
  },
]

export class FieldDatabase extends Dexie {
  people!: EntityTable<PersonRow, 'login'>
  notes!: EntityTable<NoteRow, 'id'>
  entries!: EntityTable<EntryRow, 'id'>
  photos!: EntityTable<PhotoRow, 'id'>

  constructor(name = 'mingdu-field', versions = VERSIONS) {
    // Each reading is on the disk before the app says that it is kept, even if the phone's battery falls out.
    super(name, { chromeTransactionDurability: 'strict' })
    versions.forEach(({ tables, upgrade }, place) => {
      const version = this.version(place + 1).stores(tables)
      if (upgrade) version.upgrade(() => upgrade(this))
    })
  }
}

/** Ask the browser not to throw the queue away when space is short; it may say no. */
export async function askToKeep(): Promise<boolean> {
  return (await globalThis.navigator?.storage?.persist?.()) ?? false
}
