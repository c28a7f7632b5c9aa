import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'
import { setLanguage } from '@/i18n'
import { language, rememberLanguage, type Language } from '@/i18n/languages'

export type Theme = 'system' | 'light' | 'dark'
export type Density = 'comfortable' | 'compact'

function stored<T extends string>(key: string, allowed: readonly T[], fallback: T): T {
  const value = localStorage.getItem(key) as T | null
  return value && allowed.includes(value) ? value : fallback
}

/** What this person likes on this machine: language, light or dark, density, folded navigation. */
export const usePreferences = defineStore('preferences', () => {
  const lang = ref<Language>(language())
  const theme = ref<Theme>(stored('regulars.theme', ['system', 'light', 'dark'], 'system'))
  const density = ref<Density>(stored('regulars.density', ['comfortable', 'compact'], 'compact'))
  const folded = ref(localStorage.getItem('regulars.nav') === 'folded')
  const system = matchMedia('(prefers-color-scheme: dark)')
  const systemDark = ref(system.matches)
  system.addEventListener('change', (event) => (systemDark.value = event.matches))
  const dark = computed(() => theme.value === 'dark' || (theme.value === 'system' && systemDark.value))

  watch(dark, (on) => document.documentElement.classList.toggle('dark', on), { immediate: true })
  watch(theme, (value) => localStorage.setItem('regulars.theme', value))
  watch(density, (value) => localStorage.setItem('regulars.density', value))
  watch(folded, (value) => localStorage.setItem('regulars.nav', value ? 'folded' : 'open'))
  watch(lang, (value) => {
    rememberLanguage(value)
    setLanguage(value)
  })
  setLanguage(lang.value)
  return { lang, theme, density, folded, dark }
})
