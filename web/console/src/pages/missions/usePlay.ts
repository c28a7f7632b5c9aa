import { computed } from 'vue'
import { api } from '@/api/client'
import type { components } from '@/api/schema'
import { grammarOf } from '@/components/conditions/grammarOf'
import { useLoad } from '@/components/useLoad'
import { usePreferences } from '@/stores/preferences'

export type PlayBuilder = components['schemas']['MissionBuilderOut']

/** What the editors of play offer: types, units, names, and the two languages of conditions. */
export function usePlay() {
  const preferences = usePreferences()
  const builder = useLoad((signal) => api.get('/api/console/missions/builder', { signal }), [() => preferences.lang])
  const acting = computed(() => grammarOf(builder.data.value?.acting as Record<string, unknown> | undefined))
  const standing = computed(() => grammarOf(builder.data.value?.standing as Record<string, unknown> | undefined))
  return { builder, acting, standing }
}

/** A definition as JSON without what is empty, ready to be sent. */
export function cleaned(definition: object): Record<string, unknown> {
  const plain = JSON.parse(JSON.stringify(definition)) as Record<string, unknown>
  return Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== null && value !== undefined && value !== ''))
}
