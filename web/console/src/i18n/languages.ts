export const languages = ['zh-CN', 'en'] as const
export type Language = (typeof languages)[number]

export const languageNames: Record<Language, string> = { 'zh-CN': '简体中文', en: 'English' }

const key = 'regulars.language'

export function isLanguage(value: unknown): value is Language {
  return languages.includes(value as Language)
}

/** What the operator chose last; else what the browser asks for; Chinese if it asks for neither. */
export function language(): Language {
  const stored = globalThis.localStorage?.getItem(key)
  if (isLanguage(stored)) return stored
  const asked = globalThis.navigator?.language ?? ''
  return asked.startsWith('en') ? 'en' : 'zh-CN'
}

export function rememberLanguage(value: Language): void {
  localStorage.setItem(key, value)
}
