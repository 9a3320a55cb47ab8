// Sealing with AES-GCM under a key that a PIN gives by PBKDF2 (WebCrypto). Each sealed thing is bound to its
// place: moved under another name or owner it does not open.
//
// A short PIN holds against a curious colleague; against who takes the phone's storage apart it holds only as
// long as guessing takes: at 600,000 rounds a guess costs a desktop about 0.1 s, six digits about a day.

export const ITERATIONS = 600_000
const SALT_BYTES = 16
const NONCE_BYTES = 12

export interface Sealed {
  nonce: Uint8Array<ArrayBuffer>
  content: ArrayBuffer
}

/** The PIN does not open what it should. */
export class WrongPin extends Error {
  override name = 'WrongPin'
}

/** Sealed content does not open with this key at this place: it was changed or moved. */
export class Damaged extends Error {
  override name = 'Damaged'
}

export interface Lock {
  salt: Uint8Array<ArrayBuffer>
  iterations: number
  wrapped: Sealed
}

/** Make a data key and lock it with a PIN. */
export async function makeLock(pin: string, owner: string, iterations = ITERATIONS): Promise<{ lock: Lock; key: CryptoKey }> {
  const raw = crypto.getRandomValues(new Uint8Array(32))
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES))
  const wrapped = await seal(await keyOfPin(pin, salt, iterations), raw.buffer, `key:${owner}`)
  const key = await importKey(raw)
  raw.fill(0)
  return { lock: { salt, iterations, wrapped }, key }
}

/** Open the data key; throws WrongPin. */
export async function openLock(lock: Lock, pin: string, owner: string): Promise<CryptoKey> {
  const pinKey = await keyOfPin(pin, lock.salt, lock.iterations)
  try {
    return await importKey(new Uint8Array(await open(pinKey, lock.wrapped, `key:${owner}`)))
  } catch (error) {
    if (error instanceof Damaged) throw new WrongPin(owner)
    throw error
  }
}

export async function seal(key: CryptoKey, content: ArrayBuffer, place: string): Promise<Sealed> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES))
  return { nonce, content: await crypto.subtle.encrypt(cipher(nonce, place), key, content) }
}

/** Open what was sealed at this place; throws Damaged. */
export async function open(key: CryptoKey, sealed: Sealed, place: string): Promise<ArrayBuffer> {
  try {
    return await crypto.subtle.decrypt(cipher(sealed.nonce, place), key, sealed.content)
  } catch (error) {
    if (error instanceof DOMException && error.name === 'OperationError') throw new Damaged(place)
    throw error
  }
}

export function sealJson(key: CryptoKey, value: unknown, place: string): Promise<Sealed> {
  return seal(key, new TextEncoder().encode(JSON.stringify(value)).buffer, place)
}

export async function openJson<T>(key: CryptoKey, sealed: Sealed, place: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await open(key, sealed, place))) as T
}

function cipher(nonce: Uint8Array<ArrayBuffer>, place: string): AesGcmParams {
  return { name: 'AES-GCM', iv: nonce, additionalData: new TextEncoder().encode(place) }
}

async function keyOfPin(pin: string, salt: Uint8Array<ArrayBuffer>, iterations: number): Promise<CryptoKey> {
  const typed = await crypto.subtle.importKey('raw', new TextEncoder().encode(pin), 'PBKDF2', false, ['deriveKey'])
  const derivation = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations }
  return crypto.subtle.deriveKey(derivation, typed, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
}

/** The data key cannot be taken out of the browser again. */
function importKey(raw: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt'])
}
