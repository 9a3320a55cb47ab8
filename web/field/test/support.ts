import { NotSignedIn, Refused, Unreachable, type Api } from '../src/api/client'
import type { StopAnswer, SyncBody } from '../src/api/schema'
import { FieldDatabase } from '../src/keep/database'
import { addPerson } from '../src/keep/person'
import type { Draft } from '../src/keep/queue'

/** Few rounds, so that tests are quick; the app takes its own number. */
export const ROUNDS = 1000
export const NOON = new Date('2027-01-04T04:00:00Z')
let databases = 0

export function freshDatabase(): FieldDatabase {
  databases += 1
  return new FieldDatabase(`test-${databases}`)
}

export const addReader = (database: FieldDatabase, login = 'reader', pin = '246810') =>
  addPerson(database, login, '王强', pin, ROUNDS)

export function stop(task: number): StopAnswer {
  return {
    task_id: task, kind: 'round_reading', usage_point: `P${task}`, address: '桃源路', account: `0530${task}`, holder: '李伟', registers: ['TOTAL'], book: '一册', place: task,
    read_at: '2027-01-01T00:00:00+08:00', due_at: '2027-01-06T09:00:00+08:00', meter_number: `M${task}`, multiplier: 1,
    expected: [{ register: 'TOTAL', places: 6, decimals: 2, start: '1000.00', usual: '104.00', most: '312.00' }],
  }
}

export function draft(task: number, changes: Partial<Draft> = {}): Draft {
  return {
    stop: stop(task), outcome: 'read', values: [{ register: 'TOTAL', value: '1100.00' }], confirmed: [], note: '',
    photo: null, replaces: null, ...changes,
  }
}

export const photo = (bytes = 4) => new Blob([new Uint8Array(bytes).fill(7)], { type: 'image/jpeg' })

/**
 * A server as the door describes itself: it keeps each number once, and what it is told to refuse it refuses.
 * `failAfter` cuts the line after so many calls; with `isDeaf` the call arrives and only the answer is lost.
 */
export class Server implements Api {
  items = new Map<string, SyncBody['items'][number]>()
  visits = new Map<string, NonNullable<SyncBody['visits']>[number]>()
  photos: number[] = []
  calls: string[] = []
  refused = new Map<number, string>()
  poisoned = new Set<number>()
  failAfter = Infinity
  isDeaf = false
  isExpired = false

  signIn = async () => 'fresh'
  me = async () => ({ id: 'person:1', name: '王强', roles: ['reader'], language: 'zh-hans', accounts: [] })
  route = async () => []

  async attach(_token: string, content: Blob) {
    return this.reached('attach', () => {
      this.photos.push(content.size)
      return { id: this.photos.length, sha256: '', media_type: 'image/jpeg', size_bytes: content.size }
    })
  }

  async sync(_token: string, body: SyncBody) {
    return this.reached('sync', () => {
      const visits = body.visits ?? []
      if (visits.some((visit) => this.poisoned.has(visit.task_id))) throw new Refused(422, 'BadInput', '1 value does not fit')
      return {
        results: [
          ...body.items.map((item) => this.result(this.items, item)),
          ...visits.map((visit) => this.result(this.visits, visit)),
        ],
      }
    })
  }

  private result<T extends { client_id: string; task_id: number }>(kept: Map<string, T>, sent: T) {
    const status = this.refused.get(sent.task_id) ?? (kept.has(sent.client_id) ? 'same' : 'accepted')
    if (status === 'accepted') kept.set(sent.client_id, sent)
    return { client_id: sent.client_id, status, message: '' }
  }

  private reached<T>(call: string, act: () => T): T {
    if (this.isExpired) throw new NotSignedIn('NotSignedIn')
    const isCut = this.calls.length >= this.failAfter
    if (isCut && !this.isDeaf) throw new Unreachable('cut')
    this.calls.push(call)
    const answer = act()
    if (isCut) throw new Unreachable('the answer was lost')
    return answer
  }
}
