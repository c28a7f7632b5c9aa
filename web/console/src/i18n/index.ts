import { createI18n } from 'vue-i18n'
import { catalogue } from './catalogue'
import { language, type Language } from './languages'

/** A leaf of the catalogue: the Chinese text, then the English one. Side by side, neither can be forgotten. */
export type Pair = readonly [zh: string, en: string]
export interface Tree { readonly [key: string]: Pair | Tree }
export interface Texts { [key: string]: string | Texts }

export function isPair(value: Pair | Tree): value is Pair {
  return Array.isArray(value)
}

export function pick(tree: Tree, index: 0 | 1): Texts {
  const texts: Texts = {}
  for (const [key, value] of Object.entries(tree)) texts[key] = isPair(value) ? value[index] : pick(value, index)
  return texts
}

export const i18n = createI18n({
  legacy: false,
  locale: language(),
  fallbackLocale: false,
  missingWarn: import.meta.env?.DEV ?? false,
  fallbackWarn: false,
  messages: { 'zh-CN': pick(catalogue, 0), en: pick(catalogue, 1) },
})

export function setLanguage(next: Language): void {
  i18n.global.locale.value = next
  document.documentElement.lang = next
}
