import { createI18n } from 'vue-i18n'
import type { Language } from '@/api/types'
import en from './en'
import zh from './zh-CN'

export const LANGUAGES: readonly Language[] = ['zh-CN', 'en']
const KEPT = 'portal_language'
const YEAR_SECONDS = 31_536_000

/** What the reader chose before, else what her phone speaks, else Chinese. */
export function firstLanguage(): Language {
  const kept = new RegExp(`(?:^|; )${KEPT}=(zh-CN|en)`).exec(document.cookie)?.[1]
  if (kept) return kept as Language
  for (const spoken of navigator.languages ?? [navigator.language]) {
    if (/^zh\b/i.test(spoken)) return 'zh-CN'
    if (/^en\b/i.test(spoken)) return 'en'
  }
  return 'zh-CN'
}

export const i18n = createI18n({
  legacy: false,
  locale: 'zh-CN',
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': zh, en },
})

export function language(): Language {
  return i18n.global.locale.value as Language
}

/** Speak this language from now on. The cookie lets the server write the first page in it. */
export function speak(chosen: Language, keep = false): void {
  ;(i18n.global.locale as { value: string }).value = chosen
  document.documentElement.lang = chosen
  if (keep) document.cookie = `${KEPT}=${chosen}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`
}
