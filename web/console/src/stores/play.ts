import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { api } from '@/api/client'
import type { components } from '@/api/schema'
import type { FieldChoice } from '@/components/fields/fields'
import { useSession } from './session'

type Builder = components['schemas']['MissionBuilderOut']

/** Names of badges, draws and missions, for rewards that give them. Who may not read missions types their keys. */
export const usePlayNames = defineStore('playNames', () => {
  const session = useSession()
  const loaded = shallowRef<Builder>()

  async function load(): Promise<void> {
    if (!session.may('missions.read')) return
    try {
      loaded.value = await api.get('/api/console/missions/builder')
    } catch {
      loaded.value = undefined
    }
  }
  function of(kind: 'badge' | 'draw_chance' | 'mission'): FieldChoice[] {
    const found = { badge: loaded.value?.badges, draw_chance: loaded.value?.draws, mission: loaded.value?.missions }[kind]
    return (found ?? []).map(({ value, label }) => ({ value, label: label === value ? value : `${label} · ${value}` }))
  }
  return { load, of }
})
