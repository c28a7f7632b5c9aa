/** The brand as the visitor meets it, and who is signed in. Comes with the page; asked for again when that changes. */
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { getFront } from '@/api/endpoints'
import type { Front, Language } from '@/api/types'
import { language, speak } from '@/i18n'
import { accentTokens } from '@/theme/colour'
import { arrivalQuery } from './arrival'

function embedded(): Front | null {
  try {
    return JSON.parse(document.getElementById('front')?.textContent ?? 'null') as Front | null
  } catch {
    return null
  }
}

export const useFront = defineStore('front', () => {
  const front = ref<Front | null>(null)
  const given = computed(() => front.value!)
  const signedIn = computed(() => front.value?.member != null)
  const dark = window.matchMedia('(prefers-color-scheme: dark)')

  function dress(): void {
    const tokens = accentTokens(front.value?.brand.accent ?? null, dark.matches)
    for (const [name, value] of Object.entries(tokens)) document.documentElement.style.setProperty(name, value)
    if (front.value) document.title = front.value.brand.name
  }
  dark.addEventListener('change', dress)

  function take(fresh: Front): void {
    front.value = fresh
    dress()
  }

  async function open(): Promise<void> {
    const written = embedded()
    if (written && written.language === language()) take(written)
    else await refresh()
  }

  async function refresh(): Promise<void> {
    take(await getFront(arrivalQuery()))
  }

  async function change(chosen: Language): Promise<void> {
    speak(chosen, true)
    await refresh()
  }

  function forget(): void {
    if (front.value) front.value = { ...front.value, member: null }
  }

  return { front, given, signedIn, open, refresh, change, forget }
})
