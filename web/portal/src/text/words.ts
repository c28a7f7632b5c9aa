import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { language } from '@/i18n'
import { useFront } from '@/stores/front'
import type { Words } from './progress'

/** What sentences need, following the language as it changes. */
export function useWords() {
  const { t } = useI18n()
  const front = useFront()
  return computed<Words>(() => ({
    t: (key, values, plural) => (plural === undefined ? t(key, values) : t(key, values, plural)),
    language: language(),
    currency: front.given.brand.currency,
  }))
}
