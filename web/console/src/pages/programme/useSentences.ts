import { computed, onScopeDispose, ref, watch } from 'vue'
import { api } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { components } from '@/api/schema'
import { usePreferences } from '@/stores/preferences'
import { useProgramme } from '@/stores/programme'

type Sentence = components['schemas']['RuleSentenceOut']

/** The rules of the definition under edit in plain words, asked of the server a moment after the last change. */
export function useSentences(rule?: () => string | undefined) {
  const programme = useProgramme()
  const preferences = usePreferences()
  const sentences = ref<Record<string, Sentence>>({})
  const errors = ref<Record<string, string>>({})
  const busy = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  let controller: AbortController | undefined

  async function ask(): Promise<void> {
    controller?.abort()
    controller = new AbortController()
    const { signal } = controller
    busy.value = true
    try {
      const answer = await api.post('/api/console/programme/describe', { body: { definition: programme.definition as Record<string, unknown>, rule: rule?.() ?? null }, signal })
      errors.value = Object.fromEntries(answer.errors.map((one) => [one.field, one.message]))
      if (answer.errors.length === 0) sentences.value = Object.fromEntries(answer.sentences.map((one) => [one.key, one]))
    } catch (thrown) {
      if (signal.aborted) return
      errors.value = { '': asProblem(thrown).title }
    }
    busy.value = false
  }

  watch(
    () => [programme.version?.number, programme.definition, preferences.lang],
    () => {
      // What was asked of the definition as it was is of no use now.
      clearTimeout(timer)
      controller?.abort()
      busy.value = false
      if (!programme.version) return
      if (!programme.dirty && programme.version.sentences.length > 0) {
        sentences.value = Object.fromEntries(programme.version.sentences.map((one) => [one.key, one]))
        errors.value = {}
        return
      }
      timer = setTimeout(() => void ask(), 350)
    },
    { immediate: true, deep: true },
  )
  onScopeDispose(() => {
    clearTimeout(timer)
    controller?.abort()
  })
  const sentenceOf = (key: string) => {
    const found = sentences.value[key]
    return found ? (preferences.lang === 'en' ? found.en : found.zh) : ''
  }
  return { sentences, sentenceOf, errors: computed(() => errors.value), busy }
}
