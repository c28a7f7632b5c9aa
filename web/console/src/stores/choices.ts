import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'
import { api } from '@/api/client'
import type { components } from '@/api/schema'
import { integer, money } from '@/format/number'
import { usePreferences } from './preferences'
import { useSession } from './session'

export type Choices = components['schemas']['ChoicesOut']

/** What filters and forms of the brand offer: tiers, tags, stores, channels, units, activity types, reasons. */
export const useChoices = defineStore('choices', () => {
  const session = useSession()
  const preferences = usePreferences()
  const loaded = shallowRef<Choices>()
  let asked = ''

  async function load(fresh = false): Promise<void> {
    const key = `${session.slug}/${preferences.lang}`
    if (!fresh && asked === key) return
    asked = key
    try {
      const answer = await api.get('/api/console/choices')
      if (asked === key) loaded.value = answer
    } catch {
      asked = ''
    }
  }
  watch(() => [session.slug, preferences.lang], () => asked && void load())

  const tiers = computed(() => loaded.value?.tiers ?? [])
  const tags = computed(() => loaded.value?.tags.map((one) => ({ value: one.code, label: one.name })) ?? [])
  const tagOf = computed(() => new Map((loaded.value?.tags ?? []).map((one) => [one.code, one])))
  const stores = computed(() => loaded.value?.stores ?? [])
  const channels = computed(() => loaded.value?.channels ?? [])
  const units = computed(() => loaded.value?.units ?? [])
  const activityTypes = computed(() => loaded.value?.activity_types ?? [])
  const reasons = computed(() => loaded.value?.adjustment_reasons ?? [])
  const schemes = computed(() => loaded.value?.schemes ?? [])
  const identityTypes = computed(() => loaded.value?.identity_types ?? [])
  const channelName = (code: string) => channels.value.find((one) => one.value === code)?.label ?? code
  const unitName = (code: string) => units.value.find((one) => one.code === code)?.name ?? code
  const moneyKinds = new Set(['stored_principal', 'stored_bonus', 'gift'])
  const isMoney = (code: string) => moneyKinds.has(units.value.find((one) => one.code === code)?.kind ?? '')
  /** So many of a unit: money as money, everything else as a count. */
  const amountOf = (code: string, amount: number) => (isMoney(code) ? money(amount, session.brand?.currency ?? 'CNY') : integer(amount))
  return { loaded, load, tiers, tags, tagOf, stores, channels, units, activityTypes, reasons, schemes, identityTypes, channelName, unitName, isMoney, amountOf }
})
