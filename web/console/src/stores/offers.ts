import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'
import { api } from '@/api/client'
import type { components } from '@/api/schema'
import type { FieldChoice } from '@/components/fields/fields'
import { usePreferences } from './preferences'
import { useSession } from './session'

type Offers = components['schemas']['OfferChoicesOut']
type Listed = { [Name in keyof Offers]: Offers[Name] extends readonly string[] ? never : Name }[keyof Offers]
type Worded = Exclude<keyof Offers, Listed>

/** What the brand puts on offer, for fields that name one of them: found by its name or its key. */
export const useOffers = defineStore('offers', () => {
  const session = useSession()
  const preferences = usePreferences()
  const loaded = shallowRef<Offers>()
  let asked = ''

  /** Loaded afresh for every page that asks: what was added a moment ago is there. */
  async function load(): Promise<void> {
    const key = `${session.slug}/${preferences.lang}`
    asked = key
    try {
      const answer = await api.get('/api/console/choices/offers')
      if (asked === key) loaded.value = answer
    } catch {
      asked = ''
    }
  }
  watch(() => [session.slug, preferences.lang], () => asked && void load())

  const of = (name: Listed): FieldChoice[] => (loaded.value?.[name] ?? []).map(({ value, label }) => ({ value, label: label === value ? value : `${label} · ${value}` }))
  const words = (name: Worded): FieldChoice[] => (loaded.value?.[name] ?? []).map((one) => ({ value: one, label: one }))
  const names = computed(() => {
    const found = new Map<string, string>()
    for (const name of ['packages', 'services', 'rewards', 'coupons', 'plans', 'benefits', 'budgets', 'templates'] as const) for (const one of loaded.value?.[name] ?? []) found.set(`${name}/${one.value}`, one.label)
    return found
  })
  const nameOf = (name: Listed, key: string) => names.value.get(`${name}/${key}`) ?? key
  return { load, of, words, nameOf }
})
