// What a register can show. Values are whole register digits here, never fractions: 12.34 with two decimals is 1234.

export type ValueFault = 'empty' | 'not-a-number' | 'too-many-places' | 'too-many-decimals'

export interface Face {
  places: number
  decimals: number
}

/** Read what was typed; returns the digits, or what is wrong with it. */
export function readValue(typed: string, { places, decimals }: Face): number | ValueFault {
  if (typed === '') return 'empty'
  const parts = /^([0-9]+)(?:\.([0-9]*))?$/.exec(typed)
  if (!parts) return 'not-a-number'
  const whole = parts[1]!.replace(/^0+(?=[0-9])/, '')
  const part = parts[2] ?? ''
  if (whole.length > places) return 'too-many-places'
  if (part.length > decimals) return 'too-many-decimals'
  return Number(whole + part.padEnd(decimals, '0'))
}

/** Write digits as the register shows them. */
export function showValue(digits: number, decimals: number): string {
  const text = String(digits).padStart(decimals + 1, '0')
  return decimals ? `${text.slice(0, -decimals)}.${text.slice(-decimals)}` : text
}

/** Read a decimal text of the API as digits. */
export function digitsOf(text: string, decimals: number): number {
  const [whole = '0', part = ''] = text.split('.')
  return Number(whole + part.padEnd(decimals, '0').slice(0, decimals))
}

/** What a key of the keypad makes of what was typed; a key that cannot fit changes nothing. */
export function typeKey(typed: string, key: string, face: Face): string {
  if (key === 'erase') return typed.slice(0, -1)
  if (key === '.' && (typed.includes('.') || face.decimals === 0)) return typed
  const next = key === '.' && typed === '' ? '0.' : typed + key
  const fault = readValue(next, face)
  return typeof fault === 'number' ? next : typed
}
