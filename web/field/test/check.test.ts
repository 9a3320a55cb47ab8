import { describe, expect, test } from 'vitest'
import type { ExpectedAnswer } from '../src/api/schema'
import { energyText, judge } from '../src/check/plausibility'
import { digitsOf, readValue, showValue, typeKey } from '../src/check/value'

const FACE = { places: 6, decimals: 2 }
const expected = (changes: Partial<ExpectedAnswer> = {}): ExpectedAnswer => ({
  register: 'TOTAL', ...FACE, start: '86319.00', usual: '104.00', most: '312.00', ...changes,
})

describe('a value', () => {
  test.each([
    ['86423.57', 8642357], ['86423.5', 8642350], ['86423', 8642300], ['86423.', 8642300], ['000123', 12300], ['0', 0],
    ['0.01', 1], ['', 'empty'], ['.5', 'not-a-number'], ['1e3', 'not-a-number'], ['-1', 'not-a-number'],
    ['1234567', 'too-many-places'], ['1.234', 'too-many-decimals'],
  ])('%j is read as %j', (typed, read) => expect(readValue(typed, FACE)).toBe(read))

  test.each([[0, '0.00'], [5, '0.05'], [8642357, '86423.57']])('%i is shown as %s', (digits, shown) => {
    expect(showValue(digits, 2)).toBe(shown)
    expect(digitsOf(shown, 2)).toBe(digits)
  })

  test('without decimals has no point', () => expect(showValue(42, 0)).toBe('42'))

  test.each([
    ['', '.', '0.'], ['12', '3', '123'], ['12', '.', '12.'], ['12.', '.', '12.'], ['12.34', '5', '12.34'],
    ['123456', '7', '123456'], ['12.3', 'erase', '12.'], ['', 'erase', ''],
  ])('%j and the key %j give %j', (typed, key, next) => expect(typeKey(typed, key, FACE)).toBe(next))

  test('of a register without decimals takes no point', () => {
    expect(typeKey('12', '.', { places: 6, decimals: 0 })).toBe('12')
  })
})

describe('the check', () => {
  test('says how many times the usual month a value is', () => {
    expect(judge(digitsOf('99999.00', 2), expected())).toEqual({ kind: 'high', movedDigits: 1368000, times: 131.5 })
    expect(energyText(1368000, 1)).toBe('13,680')
  })

  test.each([
    ['86423.00', 'plausible'], ['86631.00', 'plausible'], ['86631.01', 'high'], ['86318.99', 'backwards'], ['86319.00', 'still'],
  ])('%s is %s', (value, kind) => expect(judge(digitsOf(value, 2), expected()).kind).toBe(kind))

  test('lets a register pass its highest figure', () => {
    const near = expected({ start: '999950.00' })
    expect(judge(digitsOf('50.00', 2), near)).toEqual({ kind: 'plausible', movedDigits: 10000, times: 1 })
    expect(judge(digitsOf('500.00', 2), near).kind).toBe('backwards')
  })

  test('without a history goes by what the contract can deliver, and says no multiple', () => {
    const fresh = expected({ usual: null, most: '5000.00' })
    expect(judge(digitsOf('99999.00', 2), fresh)).toMatchObject({ kind: 'high', times: null })
    expect(judge(digitsOf('86319.00', 2), fresh).kind).toBe('plausible')
  })

  test('finds no stillness where nothing is ever used', () => {
    expect(judge(digitsOf('86319.00', 2), expected({ usual: '0.00' })).kind).toBe('plausible')
  })

  test('says nothing where nothing is known', () => {
    expect(judge(1, expected({ start: null, usual: null, most: null })).kind).toBe('unknown')
  })

  test.each([[1368000, 60, '820,800'], [25, 1, '0.25'], [-1234, 1, '12.34']])('%i digits × %i are %s', (moved, by, text) => {
    expect(energyText(moved, by)).toBe(text)
  })
})
