import { i18n } from '@/i18n'

/** The locale for Intl, following the language the operator chose. */
export function currentLocale(): string {
  return i18n.global.locale.value
}
