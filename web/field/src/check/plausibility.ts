// Whether a value fits what the meter did before (示数合理性). It warns and never forbids: the reader sees the meter.
import type { ExpectedAnswer } from '../api/schema'
import { digitsOf } from './value'

/**
 * plausible  it fits
 * unknown    nothing is known to compare it with
 * backwards  it is below the start of the month: read wrongly, or the meter ran backwards or was exchanged
 * high       it moved more than is likely; `times` is how often the usual month, null without a history
 * still      it did not move at all, where it usually does
 */
export interface Judgement {
  kind: 'plausible' | 'unknown' | 'backwards' | 'high' | 'still'
  movedDigits: number
  times: number | null
}

export function judge(digits: number, expected: ExpectedAnswer): Judgement {
  if (expected.start === null || expected.most === null) return { kind: 'unknown', movedDigits: 0, times: null }
  const [start, most] = [digitsOf(expected.start, expected.decimals), digitsOf(expected.most, expected.decimals)]
  const usual = expected.usual === null ? null : digitsOf(expected.usual, expected.decimals)
  const straight = digits - start
  // A register that passed its highest figure begins at zero again.
  const wrapped = straight + 10 ** (expected.places + expected.decimals)
  const movedDigits = straight < 0 && wrapped <= most ? wrapped : straight
  const times = usual ? Math.round((movedDigits * 10) / usual) / 10 : null
  return { kind: kindOf(movedDigits, most, usual), movedDigits, times }
}

function kindOf(movedDigits: number, most: number, usual: number | null): Judgement['kind'] {
  if (movedDigits < 0) return 'backwards'
  if (movedDigits > most) return 'high'
  return movedDigits === 0 && usual ? 'still' : 'plausible'
}

/** Energy in whole digits of a hundredth, as people read it: "13,680" or "0.25". */
export function energyText(movedDigits: number, multiplier: number): string {
  const hundredths = Math.abs(movedDigits) * multiplier
  const kwh = hundredths / 100
  return kwh.toLocaleString('en-US', { maximumFractionDigits: kwh < 100 ? 2 : 0 })
}
