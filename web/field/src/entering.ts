// What the reader has typed at one stop, until he saves it; the keypad's steps and the warnings.
import { type ComputedRef, type Ref, computed, onUnmounted, ref, watch } from 'vue'
import type { ExpectedAnswer, StopAnswer } from './api/schema'
import { type Judgement, energyText, judge } from './check/plausibility'
import { type ValueFault, readValue, showValue, typeKey } from './check/value'
import { keepNote, readNote } from './keep/person'
import { database, draftName, save, signedIn } from './state'
import { isEntering } from './update'
import { words } from './words'

interface KeptDraft {
  typed: Record<string, string>
  note: string
}

export interface Entering {
  typed: Ref<Record<string, string>>
  active: Ref<string>
  note: Ref<string>
  photo: Ref<Blob | null>
  isComplete: ComputedRef<boolean>
  warnings: ComputedRef<string[]>
  press: (key: string) => void
  fault: (register: string) => ValueFault | null
  next: () => void
  saveValues: () => Promise<void>
  saveReason: (reason: string) => Promise<void>
}

/** Begin an entry; what was typed before the app was closed is there again. */
export function useEntering(stop: StopAnswer, replaces: string | null): Entering {
  const typed = ref<Record<string, string>>({})
  const active = ref(stop.registers[0] ?? '')
  const note = ref('')
  const photo = ref<Blob | null>(null)
  const faces = new Map(stop.expected.map((expected) => [expected.register, expected]))
  const face = (register: string): ExpectedAnswer => faces.get(register)!

  const digits = (register: string) => readValue(typed.value[register] ?? '', face(register))
  const fault = (register: string) => {
    const read = digits(register)
    return typeof read === 'number' ? null : read
  }
  const isComplete = computed(() => stop.registers.every((register) => !fault(register)))
  const warnings = computed(() =>
    stop.registers.flatMap((register) => {
      const read = digits(register)
      const said = typeof read === 'number' ? warning(judge(read, face(register)), stop.multiplier) : ''
      return said ? [`${words.value.registers[register] ?? register}：${said}`] : []
    }),
  )
  let isSaved = false

  void restore(stop, typed, note)
  watch([typed, note, photo], () => {
    isEntering.value = !isSaved
    if (!isSaved) void keepNote(database, signedIn(), draftName(stop), { typed: typed.value, note: note.value })
  }, { deep: true })
  onUnmounted(() => (isEntering.value = false))

  async function keep(outcome: string, values: { register: string; value: string }[], confirmed: string[]): Promise<void> {
    await save({ stop, outcome, values, confirmed, note: note.value.trim(), photo: photo.value, replaces })
    isSaved = true
    isEntering.value = false
  }

  return {
    typed, active, note, photo, isComplete, warnings, fault,
    press: (key) => {
      typed.value[active.value] = typeKey(typed.value[active.value] ?? '', key, face(active.value))
    },
    next: () => {
      const after = stop.registers.indexOf(active.value) + 1
      active.value = stop.registers[after] ?? stop.registers.find((register) => fault(register)) ?? active.value
    },
    saveValues: () => keep('read', stop.registers.map((register) => {
      return { register, value: showValue(digits(register) as number, face(register).decimals) }
    }), warnings.value),
    saveReason: (reason) => keep(reason, [], []),
  }
}

async function restore(stop: StopAnswer, typed: Ref<Record<string, string>>, note: Ref<string>): Promise<void> {
  const kept = await readNote<KeptDraft>(database, signedIn(), draftName(stop))
  if (!kept || Object.keys(typed.value).length) return
  typed.value = kept.typed
  note.value = kept.note
}

/** Say what is unlikely about a value; "" when nothing is. */
export function warning({ kind, movedDigits, times }: Judgement, multiplier: number): string {
  const said = words.value.stop
  const energy = energyText(movedDigits, multiplier)
  if (kind === 'high') return times === null ? said.warnHighUnknown(energy) : said.warnHigh(energy, times.toFixed(1))
  if (kind === 'backwards') return said.warnBackwards(energy)
  return kind === 'still' ? said.warnStill : ''
}
