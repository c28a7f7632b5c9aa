import { computed, type ComputedRef, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { usePreferences } from '@/stores/preferences'
import { byNode, drawingOf, graphOf, looseOf, portsOf, type Definition, type Names, type Step } from './definition'
import type { Drawn, DrawnLink, Seen } from './drawing'
import { idOf } from './layout'

export interface Numbers { readonly seen: ReadonlyMap<string, Seen>; readonly ways: ReadonlyMap<string, number> }

/** A definition as canvas and list show it: names in her language, the server's sentences, complaints and figures. */
export function useDrawn(definition: Ref<Definition>, sentences: Ref<Readonly<Record<string, string>>>, errors: Ref<Readonly<Record<string, string>>>, numbers?: Ref<Numbers | undefined>) {
  const { t } = useI18n()
  const preferences = usePreferences()
  const say = (names: Names | undefined) => (names ? (preferences.lang === 'en' ? names.en || names.zh : names.zh || names.en) : '')
  const titleOf = (step: Step) => say(step.name) || t(`journeys.kinds.${step.kind}`)

  function wayOf(step: Step, port: string): string {
    const arm = step.arms?.find((one) => one.key === port)
    if (arm) return step.kind === 'split' ? `${say(arm.name) || arm.key} ${arm.percent ?? 0}%` : say(arm.name) || arm.key
    return port === 'next' ? t('journeys.way.next') : t(`journeys.way.${port}`)
  }
  const steps = computed(() => new Map(definition.value.nodes.map((one) => [one.id, one])))
  const drawing = computed(() => drawingOf(definition.value))
  const drawn: ComputedRef<Drawn[]> = computed(() => {
    const [places, loose, wrong] = [drawing.value.places, looseOf(definition.value), byNode(definition.value, errors.value)]
    return definition.value.nodes.map((step) => {
      const seen = numbers?.value?.seen.get(step.id)
      return {
        key: step.id, kind: step.kind, title: titleOf(step), summary: sentences.value[step.id] ?? '', ports: portsOf(step).map((port) => ({ key: port, label: wayOf(step, port) })),
        place: places.get(step.id)!, wrong: wrong.get(step.id) ?? [], loose: loose.has(step.id) && step.kind !== 'goal', ...(seen ? { seen } : {}),
      }
    })
  })
  const links: ComputedRef<DrawnLink[]> = computed(() => graphOf(definition.value).links.map((link) => {
    const [from, to] = [steps.value.get(link.from)!, steps.value.get(link.to)!]
    const count = numbers?.value?.ways.get(`${link.from}/${link.port}`)
    return { ...link, label: `${titleOf(from)}, ${wayOf(from, link.port)}: ${titleOf(to)}`, ...(numbers?.value ? { count: count ?? 0 } : {}), ...(drawing.value.bends ? { bends: drawing.value.bends.get(idOf(link)) ?? [] } : {}) }
  }))
  return { drawn, links, steps, titleOf, wayOf, say }
}
