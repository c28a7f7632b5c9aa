import { onScopeDispose, ref, watch } from 'vue'
import { api } from '@/api/client'
import { usePreferences } from '@/stores/preferences'
import type { CouponDefinition } from './definition'

/** A definition under edit in a sentence, asked of the server a moment after the last change. */
export function useTold(given: () => { key: string; definition: CouponDefinition }) {
  const preferences = usePreferences()
  const sentence = ref('')
  const errors = ref<Record<string, string>>({})
  let timer: ReturnType<typeof setTimeout> | undefined
  let controller: AbortController | undefined

  async function ask(): Promise<void> {
    controller?.abort()
    controller = new AbortController()
    const { signal } = controller
    const { key, definition } = given()
    try {
      const told = await api.post('/api/console/coupon-definitions/describe', { body: { definition: { ...definition, key } as Record<string, unknown> }, signal })
      sentence.value = told.sentence
      errors.value = {}
      for (const one of told.errors) errors.value[one.field] ??= one.message
    } catch {
      if (!signal.aborted) sentence.value = ''
    }
  }
  watch(() => [JSON.stringify(given()), preferences.lang], () => {
    clearTimeout(timer)
    timer = setTimeout(() => void ask(), 300)
  }, { immediate: true })
  onScopeDispose(() => {
    clearTimeout(timer)
    controller?.abort()
  })
  return { sentence, errors }
}
