import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { api } from '@/api/client'
import { asProblem, type Problem } from '@/api/problem'
import type { components } from '@/api/schema'
import type { Grammar } from '@/components/conditions/grammar'
import type { Definition } from '@/pages/programme/definition'
import { usePreferences } from './preferences'
import { useSession } from './session'

export type Version = components['schemas']['VersionOut']
export type VersionRow = components['schemas']['VersionRowOut']
export type ProgrammeSchema = components['schemas']['ProgrammeSchemaOut']

interface ServerSchema {
  currency: string
  fields: Grammar['fields']
  types: Record<string, { op: string; label: string; value: string }[]>
  windows: { activities: Grammar['activities'] }
}

/**
 * The version that the programme pages show, with what she changed in it and has not saved. Rules, tiers, benefits and
 * units are pages of one version, so they share this.
 */
export const useProgramme = defineStore('programme', () => {
  const session = useSession()
  const preferences = usePreferences()
  const versions = shallowRef<VersionRow[]>()
  const packs = shallowRef<components['schemas']['PackOut'][]>([])
  const version = shallowRef<Version>()
  const definition = ref<Definition>({})
  const schema = shallowRef<ProgrammeSchema>()
  const problem = shallowRef<Problem>()
  const errors = ref<Record<string, string>>({})
  const busy = ref(false)
  let brand = ''
  let turn = 0

  const live = computed(() => versions.value?.find((one) => one.current))
  const draft = computed(() => versions.value?.find((one) => one.state === 'draft' || one.state === 'rejected'))
  const editable = computed(() => session.may('programme.write') && (version.value?.state === 'draft' || version.value?.state === 'rejected'))
  const dirty = computed(() => version.value !== undefined && JSON.stringify(definition.value) !== JSON.stringify(version.value.definition))
  const grammar = computed<Grammar | undefined>(() => {
    const raw = schema.value?.conditions as ServerSchema | undefined
    if (!raw) return undefined
    const all = Object.values(raw.types).flat()
    return {
      fields: raw.fields, activities: raw.windows.activities, currency: raw.currency,
      ops: Object.fromEntries(Object.entries(raw.types).map(([type, ops]) => [type, ops.map((one) => one.op)])),
      kinds: Object.fromEntries(all.map((one) => [one.op, one.value])),
      opLabels: Object.fromEntries(all.map((one) => [one.op, one.label])),
    }
  })

  /** The stacking categories of the version that is shown, else of the live one. */
  const categories = computed(() => (definition.value.checkout?.categories ?? []).map((one) => ({ value: one.code, label: preferences.lang === 'en' ? one.name.en || one.name.zh : one.name.zh || one.name.en })))

  function take(next: Version): void {
    version.value = next
    definition.value = structuredClone(next.definition) as Definition
    errors.value = {}
  }

  async function loadVersions(): Promise<void> {
    const answer = await api.get('/api/console/programme/versions')
    versions.value = answer.items
    packs.value = answer.packs
  }

  /** Shows version `wanted`, else the open draft, else what is live. What is unsaved in the same version stays. */
  async function open(wanted: number | undefined): Promise<void> {
    const mine = ++turn
    const kept = (number: number) => version.value?.number === number && dirty.value
    busy.value = true
    problem.value = undefined
    if (brand !== session.slug) {
      brand = session.slug
      version.value = undefined
      versions.value = undefined
      schema.value = undefined
    }
    try {
      await Promise.all([loadVersions(), loadSchema()])
      const number = wanted ?? draft.value?.number ?? live.value?.number ?? versions.value?.[0]?.number
      if (mine !== turn) return
      if (number === undefined) version.value = undefined
      else if (!kept(number)) {
        const found = await api.get('/api/console/programme/versions/{number}', { path: { number } })
        // What she typed while it was on its way is not thrown away.
        if (mine === turn && !kept(number)) take(found)
      }
    } catch (thrown) {
      if (mine === turn) problem.value = asProblem(thrown)
    } finally {
      if (mine === turn) busy.value = false
    }
  }

  async function loadSchema(): Promise<void> {
    schema.value = await api.get('/api/console/programme/schema')
  }

  async function save(): Promise<void> {
    if (!version.value) return
    try {
      take(await api.put('/api/console/programme/versions/{number}', {
        path: { number: version.value.number }, body: { definition: definition.value as Record<string, unknown>, revision: version.value.revision, note: null },
      }))
      await loadVersions()
    } catch (thrown) {
      errors.value = asProblem(thrown).fields
      throw thrown
    }
  }

  /** The draft is made, not shown: its pages are opened with its number. */
  async function startDraft(base?: number, pack?: string): Promise<Version> {
    const made = await api.post('/api/console/programme/versions', { body: { base: base ?? null, pack: pack ?? null, note: '' } })
    await loadVersions()
    return made
  }

  function discard(): void {
    if (version.value) take(version.value)
  }

  return {
    versions, packs, version, definition, schema, grammar, categories, problem, errors, busy, live, draft, editable, dirty, open, save, startDraft, discard, take, loadVersions, loadSchema,
  }
})
