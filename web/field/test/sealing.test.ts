import { describe, expect, test } from 'vitest'
import { Damaged, ITERATIONS, WrongPin, makeLock, open, openJson, openLock, seal, sealJson } from '../src/keep/sealing'

const bytes = (text: string) => new TextEncoder().encode(text).buffer as ArrayBuffer

describe('the lock of a person', () => {
  test('opens with his PIN, at the full number of rounds, and names a wrong one', async () => {
    const { lock, key } = await makeLock('246810', 'reader')
    expect(lock.iterations).toBe(ITERATIONS)
    expect(ITERATIONS).toBeGreaterThanOrEqual(600_000)
    const sealed = await sealJson(key, { value: '12.34' }, 'here')
    expect(await openJson(await openLock(lock, '246810', 'reader'), sealed, 'here')).toEqual({ value: '12.34' })
    await expect(openLock(lock, '246811', 'reader')).rejects.toThrow(WrongPin)
  })

  test('does not open under another login, even with the PIN', async () => {
    const { lock } = await makeLock('246810', 'reader', 1000)
    await expect(openLock(lock, '246810', 'colleague')).rejects.toThrow(WrongPin)
  })

  test('has a salt of its own, so that the same PIN gives two people two keys', async () => {
    const [one, other] = await Promise.all([makeLock('246810', 'a', 1000), makeLock('246810', 'b', 1000)])
    expect(one.lock.salt).not.toEqual(other.lock.salt)
    const sealed = await seal(one.key, bytes('secret'), 'here')
    await expect(open(other.key, sealed, 'here')).rejects.toThrow(Damaged)
  })

  test('keeps its data key inside the browser', async () => {
    const { key } = await makeLock('246810', 'reader', 1000)
    await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow()
  })
})

describe('sealed content', () => {
  test('shows nothing of itself and is another each time', async () => {
    const { key } = await makeLock('246810', 'reader', 1000)
    const [first, second] = await Promise.all([seal(key, bytes('13800000042'), 'a'), seal(key, bytes('13800000042'), 'a')])
    expect(new TextDecoder().decode(first.content)).not.toContain('138')
    expect(new Uint8Array(first.content)).not.toEqual(new Uint8Array(second.content))
  })

  test('does not open when it was moved or changed', async () => {
    const { key } = await makeLock('246810', 'reader', 1000)
    const sealed = await seal(key, bytes('1100.00'), 'entry:1')
    await expect(open(key, sealed, 'entry:2')).rejects.toThrow(Damaged)
    new Uint8Array(sealed.content)[0]! ^= 1
    await expect(open(key, sealed, 'entry:1')).rejects.toThrow(Damaged)
  })
})
