import { describe, expect, test } from 'vitest'
import { Refused } from '../src/api/client'
import { addEntry, entriesOf } from '../src/keep/queue'
import { BATCH, sendQueue } from '../src/keep/sync'
import { NOON, Server, addReader, draft, freshDatabase, photo } from './support'

async function phone(...tasks: Parameters<typeof draft>[]) {
  const database = freshDatabase()
  const reader = await addReader(database)
  for (const [place, [task, changes]] of tasks.entries()) {
    await addEntry(database, reader, draft(task, changes), new Date(NOON.getTime() + place))
  }
  const server = new Server()
  const send = () => sendQueue(database, reader, server, 'token')
  const states = async () => (await entriesOf(database, reader)).map(({ state }) => state)
  return { database, reader, server, send, states }
}

describe('sending', () => {
  test('brings values, visits and photos to the server and keeps its answers', async () => {
    const { database, reader, server, send } = await phone(
      [1, { confirmed: ['电量 13,680 度'], note: '新装空调' }],
      [2, { outcome: 'dog', values: [], photo: photo(5) }],
    )
    expect(await send()).toBe('done')
    const [item] = [...server.items.values()]
    expect(item).toMatchObject({ task_id: 1, register: 'TOTAL', value: '1100.00', read_at: '2027-01-01T00:00:00+08:00' })
    const visits = [...server.visits.values()]
    expect(visits[0]).toMatchObject({ outcome: 'read', is_confirmed: true, note: '新装空调\n电量 13,680 度', photo: null })
    expect(visits[1]).toMatchObject({ task_id: 2, outcome: 'dog', is_confirmed: false, photo: 1 })
    const entries = await entriesOf(database, reader)
    expect(entries.map(({ state, answers }) => [state, answers.map(({ status }) => status)])).toEqual([
      ['sent', ['accepted', 'accepted']], ['sent', ['accepted']],
    ])
  })

  test('keeps everything when the server is not reached', async () => {
    const { server, send, states } = await phone([1], [2])
    server.failAfter = 0
    expect(await send()).toBe('unreachable')
    expect(await states()).toEqual(['waiting', 'waiting'])
  })

  test('sends again what was taken but whose answer was lost, and it is there once', async () => {
    const { database, reader, server, send } = await phone([1, { photo: photo() }])
    server.failAfter = 1
    server.isDeaf = true
    expect(await send()).toBe('unreachable')
    expect(server.items.size).toBe(1)
    server.failAfter = Infinity
    expect(await send()).toBe('done')
    expect([server.items.size, server.visits.size]).toEqual([1, 1])
    const [entry] = await entriesOf(database, reader)
    expect(entry!.answers.map(({ status }) => status)).toEqual(['same', 'same'])
  })

  test('sends a photo once, though the line breaks right after it', async () => {
    const { server, send } = await phone([1, { photo: photo() }], [2, { photo: photo() }])
    server.failAfter = 1
    expect(await send()).toBe('unreachable')
    server.failAfter = Infinity
    expect(await send()).toBe('done')
    expect(server.calls).toEqual(['attach', 'attach', 'sync'])
    expect([...server.visits.values()].map((visit) => visit.photo)).toEqual([1, 2])
  })

  test('keeps the queue when the session is over, and goes on after signing in again', async () => {
    const { server, send, states } = await phone([1])
    server.isExpired = true
    expect(await send()).toBe('signed-out')
    expect(await states()).toEqual(['waiting'])
    server.isExpired = false
    expect(await send()).toBe('done')
    expect(await states()).toEqual(['sent'])
  })

  test('lets one refused entry hold back no other', async () => {
    const { database, reader, server, send, states } = await phone([1], [2], [3])
    server.refused.set(2, 'TaskAlreadyDone')
    expect(await send()).toBe('done')
    expect(await states()).toEqual(['sent', 'refused', 'sent'])
    const entries = await entriesOf(database, reader)
    expect(entries[1]!.answers[0]!.status).toBe('TaskAlreadyDone')
  })

  test('finds the entry for which the whole call is refused', async () => {
    const { server, send, states } = await phone([1], [2], [3])
    server.poisoned.add(2)
    expect(await send()).toBe('done')
    expect(await states()).toEqual(['sent', 'refused', 'sent'])
  })

  test('refuses an entry whose photo the server does not take', async () => {
    const { server, send, states } = await phone([1, { photo: photo() }], [2])
    server.attach = () => Promise.reject(new Refused(415, 'UnknownMedia', 'no picture'))
    expect(await send()).toBe('done')
    expect(await states()).toEqual(['refused', 'sent'])
  })

  test('sends a long day in parts', async () => {
    const { server, send } = await phone(...Array.from({ length: BATCH * 2 + 1 }, (_, n): [number] => [n + 1]))
    expect(await send()).toBe('done')
    expect(server.calls).toEqual(['sync', 'sync', 'sync'])
    expect(server.items.size).toBe(BATCH * 2 + 1)
  })

  test('takes a part without an answer for not sent', async () => {
    const { database, reader, server, send, states } = await phone([1])
    server.sync = async () => ({ results: [] })
    expect(await send()).toBe('done')
    expect(await states()).toEqual(['refused'])
    expect((await entriesOf(database, reader))[0]!.answers[0]!.status).toBe('NoAnswer')
  })

  test('does not hide a fault of the app itself', async () => {
    const { server, send, states } = await phone([1])
    server.sync = () => Promise.reject(new TypeError('a slip'))
    await expect(send()).rejects.toThrow(TypeError)
    expect(await states()).toEqual(['waiting'])
  })
})
