import { afterEach, describe, expect, test, vi } from 'vitest'
import { NotSignedIn, Refused, Unreachable, api } from '../src/api/client'

const answer = (status: number, body: unknown, type = 'application/problem+json') =>
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify(body), { status, headers: { 'Content-Type': type } }))

afterEach(() => vi.unstubAllGlobals())

describe('an answer of the API', () => {
  test('that is good is returned', async () => {
    answer(200, { token: 'secret' }, 'application/json')
    expect(await api.signIn('reader', 'right')).toBe('secret')
  })

  test.each([
    [401, 'WrongSignIn', NotSignedIn],
    [403, 'NotPermitted', Refused],
    [422, 'BadInput', Refused],
    [429, 'TooManyTries', Refused],
    [500, 'Slip', Unreachable],
    [503, 'Busy', Unreachable],
  ])('%i %s is named', async (status, code, kind) => {
    answer(status, { code, detail: 'why' })
    await expect(api.route('token')).rejects.toThrow(kind)
  })

  test('keeps the name and the words of a refusal', async () => {
    answer(413, { code: 'AttachmentTooLarge', detail: '9 bytes' })
    await expect(api.attach('token', new Blob())).rejects.toMatchObject({ status: 413, code: 'AttachmentTooLarge', message: '9 bytes' })
  })

  test('that a proxy made of its own is a refusal without a name', async () => {
    answer(404, 'not here', 'text/html')
    await expect(api.me('token')).rejects.toMatchObject({ code: 'Status404' })
  })

  test('that never comes is told from one that says no', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')))
    await expect(api.sync('token', { items: [] })).rejects.toThrow(Unreachable)
  })

  test('is asked for with the token and without cookies', async () => {
    let sent: RequestInit = {}
    vi.stubGlobal('fetch', async (_address: string, request: RequestInit) => {
      sent = request
      return new Response('[]')
    })
    await api.route('secret')
    expect(sent).toMatchObject({ credentials: 'omit', headers: { Authorization: 'Bearer secret' } })
  })
})
