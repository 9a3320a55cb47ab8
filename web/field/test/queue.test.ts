import { Dexie } from 'dexie'
import { describe, expect, test } from 'vitest'
import { FieldDatabase, VERSIONS } from '../src/keep/database'
import { StillWaiting, countOf, keepNote, knownPeople, readNote, removePerson, unlock } from '../src/keep/person'
import { addEntry, answerEntry, entriesOf, photoContent, removeOld, removeRefused, retryEntry, waitingOf } from '../src/keep/queue'
import { Damaged, WrongPin } from '../src/keep/sealing'
import { NOON, addReader, draft, freshDatabase, photo } from './support'

const later = (days: number) => new Date(NOON.getTime() + days * 86_400_000)
const said = (status: string) => [{ clientId: 'any', status, message: '' }]

describe('the queue', () => {
  test('keeps an entry with numbers of its own and its photo', async () => {
    const database = freshDatabase()
    const reader = await addReader(database)
    const id = await addEntry(database, reader, draft(1, { photo: photo(9), note: '门口有狗' }), NOON)
    const [entry] = await waitingOf(database, reader)
    expect(entry).toMatchObject({ id, note: '门口有狗', outcome: 'read', takenAt: NOON.toISOString(), state: 'waiting' })
    expect(new Set([id, entry!.values[0]!.clientId]).size).toBe(2)
    expect((await photoContent(database, reader, entry!.photo!.id)).byteLength).toBe(9)
  })

  test('is there after the app was closed, for who knows the PIN', async () => {
    const database = freshDatabase()
    await addEntry(database, await addReader(database), draft(1), NOON)
    database.close()
    const again = new FieldDatabase(database.name)
    expect(await knownPeople(again)).toEqual([{ login: 'reader', name: '王强', waiting: 1, refused: 0 }])
    await expect(unlock(again, 'reader', '000000')).rejects.toThrow(WrongPin)
    expect(await waitingOf(again, await unlock(again, 'reader', '246810'))).toHaveLength(1)
  })

  test('cannot be read by another person of the same phone', async () => {
    const database = freshDatabase()
    const reader = await addReader(database)
    const colleague = await addReader(database, 'colleague', '135790')
    await addEntry(database, reader, draft(1, { photo: photo() }), NOON)
    await keepNote(database, reader, 'token', 'secret')
    expect(await entriesOf(database, colleague)).toEqual([])
    const stolen = { ...colleague, login: 'reader' }
    await expect(entriesOf(database, stolen)).rejects.toThrow(Damaged)
    await expect(readNote(database, stolen, 'token')).rejects.toThrow(Damaged)
  })

  test('holds nothing in the clear but owner, state and time', async () => {
    const database = freshDatabase()
    const reader = await addReader(database)
    await addEntry(database, reader, draft(1, { note: 'secret words' }), NOON)
    const [row] = await database.entries.toArray()
    expect(Object.keys(row!).sort()).toEqual(['id', 'made', 'owner', 'sealed', 'state'])
    expect(new TextDecoder().decode(row!.sealed.content)).not.toContain('secret')
  })

  test('takes an entry again in place of one that was not sent, and lets one that was sent be', async () => {
    const database = freshDatabase()
    const reader = await addReader(database)
    const first = await addEntry(database, reader, draft(1, { photo: photo() }), NOON)
    const second = await addEntry(database, reader, draft(1, { replaces: first }), NOON)
    expect((await entriesOf(database, reader)).map(({ id }) => id)).toEqual([second])
    expect(await database.photos.count()).toBe(0)
    const [entry] = await waitingOf(database, reader)
    await answerEntry(database, reader, entry!, said('accepted'))
    await addEntry(database, reader, draft(1, { replaces: second }), later(0.1))
    expect(await database.entries.count()).toBe(2)
  })

  test('removes what was sent after some days, and never what was not', async () => {
    const database = freshDatabase()
    const reader = await addReader(database)
    for (const task of [1, 2, 3]) await addEntry(database, reader, draft(task, { photo: photo() }), NOON)
    const [sent, refused] = await waitingOf(database, reader)
    await answerEntry(database, reader, sent!, said('same'))
    await answerEntry(database, reader, refused!, said('TaskAlreadyDone'))
    expect(await removeOld(database, reader, later(2))).toBe(0)
    expect(await removeOld(database, reader, later(400))).toBe(1)
    expect((await entriesOf(database, reader)).map(({ state }) => state).sort()).toEqual(['refused', 'waiting'])
    expect(await database.photos.count()).toBe(2)
  })

  test('lets a refused entry be sent again or removed, and no other be removed', async () => {
    const database = freshDatabase()
    const reader = await addReader(database)
    const id = await addEntry(database, reader, draft(1), NOON)
    await removeRefused(database, id)
    const [entry] = await waitingOf(database, reader)
    await answerEntry(database, reader, entry!, said('UnknownPhoto'))
    expect(await countOf(database, 'reader', 'refused')).toBe(1)
    await retryEntry(database, id)
    const [again] = await waitingOf(database, reader)
    expect(again!.values).toEqual(entry!.values)
    await answerEntry(database, reader, again!, said('UnknownPhoto'))
    await removeRefused(database, id)
    expect(await database.entries.count()).toBe(0)
  })
})

describe('a place on the phone', () => {
  test('is not overwritten by a second one of the same login', async () => {
    const database = freshDatabase()
    await addReader(database)
    await expect(addReader(database, 'reader', '999999')).rejects.toThrow()
    await expect(unlock(database, 'reader', '246810')).resolves.toMatchObject({ login: 'reader' })
  })

  test('is not removed while anything waits', async () => {
    const database = freshDatabase()
    const reader = await addReader(database)
    await addEntry(database, reader, draft(1, { photo: photo() }), NOON)
    await keepNote(database, reader, 'token', 'secret')
    await expect(removePerson(database, 'reader')).rejects.toThrow(StillWaiting)
    const [entry] = await waitingOf(database, reader)
    await answerEntry(database, reader, entry!, said('TaskAlreadyDone'))
    await expect(removePerson(database, 'reader')).rejects.toThrow(StillWaiting)
    await answerEntry(database, reader, entry!, said('accepted'))
    await removePerson(database, 'reader')
    const tables = [database.people, database.notes, database.entries, database.photos]
    expect(await Promise.all(tables.map((table) => table.count()))).toEqual([0, 0, 0, 0])
  })
})

describe('a newer version of the tables', () => {
  const next = {
    tables: { entries: 'id, [owner+state], made' },
    upgrade: async (database: Dexie) => {
      await database.table('entries').toCollection().modify((row) => (row.made += 1))
    },
  }

  test('opens a full queue, moves it, and every entry still opens', async () => {
    const database = freshDatabase()
    const reader = await addReader(database)
    for (let task = 1; task <= 120; task += 1) await addEntry(database, reader, draft(task), NOON)
    database.close()
    const newer = new FieldDatabase(database.name, [...VERSIONS, next])
    const entries = await waitingOf(newer, await unlock(newer, 'reader', '246810'))
    expect(entries.map(({ stop }) => stop.task_id).sort((a, b) => a - b)).toEqual(Array.from({ length: 120 }, (_, n) => n + 1))
    expect(entries.every(({ made }) => made === NOON.getTime() + 1)).toBe(true)
  })

  test('that fails leaves the queue as it was', async () => {
    const database = freshDatabase()
    await addEntry(database, await addReader(database), draft(1), NOON)
    database.close()
    const broken = { ...next, upgrade: () => Promise.reject(new Error('a slip')) }
    await expect(new FieldDatabase(database.name, [...VERSIONS, broken]).open()).rejects.toThrow('a slip')
    const again = new FieldDatabase(database.name)
    expect(await waitingOf(again, await unlock(again, 'reader', '246810'))).toHaveLength(1)
  })

  test('gets the tables from an older window that is still open', async () => {
    const older = freshDatabase()
    await addEntry(older, await addReader(older), draft(1), NOON)
    const newer = new FieldDatabase(older.name, [...VERSIONS, next])
    await newer.open()
    expect(older.isOpen()).toBe(false)
    expect(await newer.entries.count()).toBe(1)
  })
})
