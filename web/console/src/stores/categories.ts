import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'
import { api } from '@/api/client'
import { usePreferences } from './preferences'
import { useSession } from './session'

export interface CategoryName { value: string; label: string }

/** What the brand calls its product categories: pages say the name, everything else keeps the code. */
export const useCategories = defineStore('categories', () => {
  const session = useSession()
  const preferences = usePreferences()
  const names = shallowRef<Record<string, string>>({})
  let asked = ''

  async function load(fresh = false): Promise<void> {
    const key = `${session.slug}/${preferences.lang}`
    if (!session.slug || (!fresh && asked === key)) return
    asked = key
    try {
      const answer = await api.get('/api/console/categories/names')
      if (asked === key) names.value = answer.names
    } catch {
      if (asked === key) asked = ''
    }
  }
  watch(() => session.slug, () => (names.value = {}))
  watch(() => [session.slug, preferences.lang], () => asked && void load())

  /** The name of a code; the code itself where it has none. */
  const nameOf = (code: string): string => (Object.hasOwn(names.value, code) ? names.value[code]! : code)
  const choices = computed<CategoryName[]>(() => Object.entries(names.value).map(([value, label]) => ({ value, label })).sort((a, b) => a.label.localeCompare(b.label, preferences.lang)))
  return { load, nameOf, choices }
})

/** The names, loaded for a page that shows categories. */
export function useCategoryNames() {
  const categories = useCategories()
  void categories.load()
  return categories
}
