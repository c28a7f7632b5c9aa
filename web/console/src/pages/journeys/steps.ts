import type { Field, FieldChoice } from '@/components/fields/fields'
import type { Step } from './definition'
import type { Vocabulary } from './vocabulary'

type Say = (key: string) => string

/** The plain fields of a node, by its kind and what is chosen in it. Conditions, ways and rewards have editors of their own. */
export function fieldsOf(step: Step, from: Vocabulary, t: Say): Field[] {
  const span = (path: string, label: string): Field[] => [
    { kind: 'number', path: `${path}amount`, label, min: 1 },
    { kind: 'choice', path: `${path}unit`, label: t('journeys.field.unit'), choices: from.units },
  ]
  const activity: Field = { kind: 'choice', path: 'activity', label: t('journeys.field.activity'), choices: from.activities, search: true }
  const time: Field = { kind: 'time', path: 'time', label: t('journeys.field.time') }
  const weekdays: Field = { kind: 'choices', path: 'weekdays', label: t('journeys.field.weekdays'), hint: t('journeys.field.everyDay'), choices: days(t), when: (definition) => definition['workdays'] !== true }
  switch (step.kind) {
    case 'trigger': return [{ kind: 'choice', path: 'on', label: t('journeys.field.on'), choices: from.triggers, wide: true }, ...triggerFields(step, from, t, activity, time, weekdays)]
    case 'wait': return [
      { kind: 'choice', path: 'mode', label: t('journeys.field.mode'), choices: from.waits, wide: true },
      ...(step.mode === 'duration' ? span('', t('journeys.field.length')) : []),
      ...(step.mode === 'time' ? [time, weekdays, { kind: 'flag', path: 'workdays', label: t('journeys.field.workdays'), when: (definition) => !Array.isArray(definition['weekdays']) } as Field] : []),
      ...(step.mode === 'activity' ? [activity, ...span('timeout.', t('journeys.field.timeout'))] : []),
    ]
    case 'message': return [
      { kind: 'choice', path: 'template', label: t('journeys.field.template'), choices: from.templates, search: true, wide: true },
      { kind: 'choice', path: 'purpose', label: t('journeys.field.purpose'), choices: from.purposes, fallback: 'marketing' },
      { kind: 'number', path: 'priority', label: t('journeys.field.priority'), hint: t('journeys.field.priorityHint'), max: 100 },
      { kind: 'number', path: 'expires_in.amount', label: t('journeys.field.expires'), hint: t('journeys.field.never'), min: 1, clears: 'expires_in' },
      { kind: 'choice', path: 'expires_in.unit', label: t('journeys.field.unit'), choices: from.units, when: () => step.expires_in !== undefined },
    ]
    case 'tag': return [
      { kind: 'choices', path: 'add', label: t('journeys.field.tagAdd'), choices: from.tags, search: true, wide: true },
      { kind: 'choices', path: 'remove', label: t('journeys.field.tagRemove'), choices: from.tags, search: true, wide: true },
    ]
    case 'task': return [
      { kind: 'choice', path: 'task', label: t('journeys.field.task'), choices: from.task_kinds, fallback: 'call' },
      { kind: 'number', path: 'due_in_days', label: t('journeys.field.due'), max: 90, fallback: 1 },
      { kind: 'choice', path: 'store', label: t('journeys.field.store'), choices: ['favourite', 'joined', 'none'].map((value) => ({ value, label: t(`journeys.store.${value}`) })), fallback: 'favourite', wide: true },
      { kind: 'names', path: 'title', label: t('journeys.field.title') },
      { kind: 'texts', path: 'script', label: t('journeys.field.script') },
    ]
    case 'webhook': return [{ kind: 'text', path: 'event', label: t('journeys.field.event'), hint: t('journeys.field.eventHint'), wide: true }]
    case 'journey': return [{ kind: 'choice', path: 'journey', label: t('journeys.field.journey'), choices: from.journeys, search: true, wide: true }]
    case 'goal': return [
      activity, ...span('within.', t('journeys.field.within')),
      { kind: 'flag', path: 'ends', label: t('journeys.field.ends'), fallback: true, wide: true },
    ]
    default: return []
  }
}

function triggerFields(step: Step, from: Vocabulary, t: Say, activity: Field, time: Field, weekdays: Field): Field[] {
  const segment: Field = { kind: 'choice', path: 'segment', label: t('journeys.field.segment'), choices: from.segments, search: true, wide: true }
  const tiers = from.schemes.find((one) => one.value === step.scheme)?.tiers ?? []
  switch (step.on) {
    case 'activity': return [{ ...activity, wide: true }]
    case 'segment_entered': return [segment, { kind: 'flag', path: 'existing', label: t('journeys.field.existing'), wide: true }]
    case 'segment_left': return [segment]
    case 'date': return [
      { kind: 'choice', path: 'field', label: t('journeys.field.date'), choices: from.date_fields, search: true, wide: true },
      { kind: 'number', path: 'offset_days', label: t('journeys.field.offset'), hint: t('journeys.field.offsetHint'), min: -366, max: 3660, fallback: 0 }, time,
      { kind: 'flag', path: 'yearly', label: t('journeys.field.yearly'), wide: true },
    ]
    case 'daily': return [time, weekdays]
    case 'tier_changed': return [
      { kind: 'choice', path: 'scheme', label: t('journeys.field.scheme'), choices: from.schemes, clearable: true },
      { kind: 'choice', path: 'direction', label: t('journeys.field.direction'), choices: ['any', 'up', 'down'].map((value) => ({ value, label: t(`journeys.direction.${value}`) })), fallback: 'any' },
      { kind: 'choices', path: 'tiers', label: t('journeys.field.tiers'), hint: t('journeys.field.anyTier'), choices: tiers, wide: true },
    ]
    default: return []
  }
}

function days(t: Say): FieldChoice[] {
  return [1, 2, 3, 4, 5, 6, 7].map((value) => ({ value, label: t(`weekday.${value}`) }))
}

/** Whether a node asks a condition, and what it says where there is none. */
export function asks(step: Step): boolean {
  if (step.kind === 'trigger') return step.on === 'activity' || step.on === 'joined' || step.on === 'daily'
  return step.kind === 'goal' || (step.kind === 'wait' && step.mode === 'activity')
}

const kept = (step: Step): Step => ({ id: step.id, kind: step.kind, ...(step.name ? { name: step.name } : {}), ...(step.at ? { at: step.at } : {}) })

/** What belongs to another choice of `on` or `mode` would be refused, so it goes with the choice. */
export function rechosen(before: Step, after: Step): Step {
  if (after.kind === 'trigger' && after.on !== before.on) {
    const on = after.on ?? 'joined'
    return { ...kept(after), on, ...(on === 'activity' ? { activity: 'order' } : {}), ...(on === 'date' || on === 'daily' ? { time: '10:00' } : {}) }
  }
  if (after.kind === 'wait' && after.mode !== before.mode) {
    const mode = after.mode ?? 'duration'
    return { ...kept(after), mode, ...(mode === 'duration' ? { amount: 1, unit: 'days' } : mode === 'time' ? { time: '10:00' } : { activity: 'order', timeout: { amount: 7, unit: 'days' } }) }
  }
  if (after.kind === 'message' && after.expires_in && after.expires_in.unit === undefined) return { ...after, expires_in: { ...after.expires_in, unit: 'days' } }
  if (after.kind === 'trigger' && after.scheme !== before.scheme && after.tiers) {
    const { tiers: _, ...rest } = after
    return rest
  }
  return after
}
