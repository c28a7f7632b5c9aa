import { inject, provide, type InjectionKey, type Ref } from 'vue'
import type { components } from '@/api/schema'
import type { Grammar } from '@/components/conditions/grammar'

export type Vocabulary = components['schemas']['JourneyVocabularyOut']

export interface Words { vocabulary: Ref<Vocabulary | undefined>; grammar: Ref<Grammar | undefined> }

/** What the forms of a journey offer, and the condition language: loaded once by the page. */
const key: InjectionKey<Words> = Symbol('words of journeys')
export const provideWords = (words: Words) => provide(key, words)
export function useWords(): Words {
  const words = inject(key)
  if (!words) throw new Error('the page of a journey provides its words')
  return words
}
