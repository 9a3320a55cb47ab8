import { describe, expect, test } from 'vitest'
import { MOST_BYTES, smallest } from '../src/photo/scale'

const sized = (bytes: number) => ({ size: bytes }) as Blob

describe('a photo', () => {
  test('keeps its size when it is small enough', async () => {
    const tried: [number, number][] = []
    await smallest(async (longSide, quality) => {
      tried.push([longSide, quality])
      return sized(MOST_BYTES)
    })
    expect(tried).toEqual([[1600, 0.8]])
  })

  test('is made coarser first, then smaller, until it fits', async () => {
    const tried: string[] = []
    const found = await smallest(async (longSide, quality) => {
      tried.push(`${longSide}@${quality}`)
      return sized(Math.round(longSide * longSide * quality * 0.4))
    })
    expect(tried).toEqual(['1600@0.8', '1600@0.5', '1224@0.8', '1224@0.5'])
    expect(found.size).toBeLessThanOrEqual(MOST_BYTES)
  })

  test('ends with the smallest there is', async () => {
    const tried = new Set<number>()
    const found = await smallest(async (longSide) => {
      tried.add(longSide)
      return sized(MOST_BYTES + longSide)
    })
    expect(Math.min(...tried)).toBe(320)
    expect(tried.size).toBeLessThan(20)
    expect(found.size).toBe(MOST_BYTES + 320)
  })
})
