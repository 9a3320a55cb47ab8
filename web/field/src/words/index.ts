import { computed, ref } from 'vue'
import { en } from './en'
import { type Words, zh } from './zh'

export type Language = 'zh' | 'en'

const KEY = 'mingdu-field-language'
const TABLES: Record<Language, Words> = { zh, en }

export const language = ref<Language>(chosen())
export const words = computed(() => TABLES[language.value])

export function speak(next: Language): void {
  language.value = next
  localStorage.setItem(KEY, next)
  showLanguage()
}

export function showLanguage(): void {
  document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en'
  document.title = words.value.title
}

/** Return cause and next step of what the server said. */
export function errorWords(code: string): [string, string] {
  return words.value.errors[code] ?? words.value.unknownError(code)
}

/** "2027-01-04 09:30" in the phone's own time. */
export function timeText(instant: string | number): string {
  const at = new Date(instant)
  const two = (number: number) => String(number).padStart(2, '0')
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`
}

/** A time as the server wrote it, in the utility's own zone. */
export function writtenTime(instant: string): string {
  return instant.slice(0, 16).replace('T', ' ')
}

function chosen(): Language {
  const kept = localStorage.getItem(KEY)
  if (kept === 'zh' || kept === 'en') return kept
  return navigator.language.startsWith('en') ? 'en' : 'zh'
}
