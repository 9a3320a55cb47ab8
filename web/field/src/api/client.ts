// The API as the app calls it. Three things can go wrong, and the reader does something else for each.
import type { AttachmentAnswer, Me, SignIn, StopAnswer, SyncAnswer, SyncBody, Token } from './schema'

const ROOT = '/api/v1'
const PATIENCE_MS = 30_000

/** The server was not reached, or has no time: try again later. */
export class Unreachable extends Error {
  override name = 'Unreachable'
}

/** The session is over, or login and password do not fit. */
export class NotSignedIn extends Error {
  override name = 'NotSignedIn'
}

/** The server was reached and says no; `code` names why. */
export class Refused extends Error {
  override name = 'Refused'

  constructor(readonly status: number, readonly code: string, message: string) {
    super(message)
  }
}

export interface Api {
  signIn(login: string, password: string): Promise<string>
  me(token: string): Promise<Me>
  route(token: string): Promise<StopAnswer[]>
  attach(token: string, photo: Blob): Promise<AttachmentAnswer>
  sync(token: string, body: SyncBody): Promise<SyncAnswer>
}

export const api: Api = {
  async signIn(login, password) {
    const body: SignIn = { login, password }
    return (await call<Token>('POST', '/sign-in', '', body)).token
  },
  me: (token) => call('GET', '/me', token),
  route: (token) => call('GET', '/rounds/route', token),
  attach(token, photo) {
    const form = new FormData()
    form.append('file', photo, 'photo.jpg')
    return call('POST', '/attachments', token, form)
  },
  sync: (token, body) => call('POST', '/rounds/sync', token, body),
}

async function call<T>(method: string, path: string, token: string, body?: unknown): Promise<T> {
  const answer = await reach(ROOT + path, { method, ...content(token, body) })
  if (answer.ok) return (await answer.json()) as T
  throw await refusal(answer)
}

function content(token: string, body: unknown): RequestInit {
  const headers: Record<string, string> = token ? { Authorization: `Bearer ${token}` } : {}
  if (body === undefined) return { headers }
  if (body instanceof FormData) return { headers, body }
  return { headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify(body) }
}

async function reach(address: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(address, {
      ...request, credentials: 'omit', cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS),
    })
  } catch (error) {
    throw new Unreachable(String(error))
  }
}

async function refusal(answer: Response): Promise<Error> {
  const problem = await problemOf(answer)
  if (answer.status === 401) return new NotSignedIn(problem.code)
  if (answer.status >= 500 || (answer.status === 429 && problem.code !== 'TooManyTries')) return new Unreachable(problem.code)
  return new Refused(answer.status, problem.code, problem.detail)
}

/** A proxy on the way may answer with a page instead of a problem document. */
async function problemOf(answer: Response): Promise<{ code: string; detail: string }> {
  const isProblem = answer.headers.get('Content-Type')?.includes('json')
  const problem = isProblem ? ((await answer.json()) as { code?: string; detail?: string }) : {}
  return { code: problem.code ?? `Status${answer.status}`, detail: problem.detail ?? '' }
}
