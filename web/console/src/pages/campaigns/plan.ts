import type { Reward } from '@/components/rewards'
import type { Wire } from '@/components/conditions/grammar'

/** A definition as it is edited; what the server does not need is left out by `wire`. */
export interface Message { template: string; channels: string[]; purpose: 'marketing' | 'service' }
export interface Variant { key: string; name: { zh: string; en: string }; share: number; message: Message | null; rewards: Reward[]; cost: number }
export interface Trial { percent: number; hours: number; metric: 'conversion' | 'money'; alpha_permille: number; min_sample: number; otherwise: 'first' | 'split' | 'none' }
export interface Schedule { kind: 'once' | 'recurring'; at: string | null; every: 'day' | 'week' | 'month'; weekdays: number[]; days: number[]; time: string; first: string | null; last: string | null }
export interface Plan {
  audience: { everybody: boolean; segments: string[]; condition: Wire | null; exclude: string[]; sample_percent: number | null; sample_count: number | null }
  variants: Variant[]
  schedule: Schedule
  holdout_percent: number
  stratify: '' | 'value_decile' | 'rfm_group'
  trial: Trial | null
  budget: string
  priority: number
  expires_in_hours: number
  window_days: number
  pre_days: number
  margin_permille: number | null
  goal: { metric: 'conversion' | 'money' | 'buyers'; target: number } | null
}

export const letters = ['a', 'b', 'c', 'd', 'e']
export const freshVariant = (key: string): Variant => ({ key, name: { zh: key.toUpperCase(), en: key.toUpperCase() }, share: 1, message: null, rewards: [], cost: 0 })
export const freshTrial = (): Trial => ({ percent: 20, hours: 24, metric: 'conversion', alpha_permille: 50, min_sample: 100, otherwise: 'first' })
export const freshSchedule = (): Schedule => ({ kind: 'once', at: null, every: 'week', weekdays: [1], days: [1], time: '10:00', first: null, last: null })
export function freshPlan(): Plan {
  return {
    audience: { everybody: false, segments: [], condition: null, exclude: [], sample_percent: null, sample_count: null }, variants: [freshVariant('a')], schedule: freshSchedule(), holdout_percent: 10, stratify: '', trial: null,
    budget: '', priority: 50, expires_in_hours: 72, window_days: 14, pre_days: 28, margin_permille: null, goal: null,
  }
}

/** What the server knows, with what editors need beside it. */
export function planOf(given: Record<string, unknown>): Plan {
  const plan = { ...freshPlan(), ...(given as unknown as Partial<Plan>) }
  return { ...plan, schedule: { ...freshSchedule(), ...plan.schedule } }
}

export function wire(plan: Plan): Record<string, unknown> {
  const { schedule, audience } = plan
  const once = { kind: 'once', at: schedule.at || null }
  const again = { kind: 'recurring', every: schedule.every, time: schedule.time, first: schedule.first || null, last: schedule.last || null, ...(schedule.every === 'week' ? { weekdays: schedule.weekdays } : {}), ...(schedule.every === 'month' ? { days: schedule.days } : {}) }
  return {
    ...plan,
    audience: audience.everybody ? { ...audience, segments: [], condition: null } : audience,
    variants: plan.variants.map((one) => ({ ...one, cost: one.rewards.length > 0 ? 0 : one.cost })),
    schedule: schedule.kind === 'once' ? once : again,
    trial: plan.variants.length > 1 ? plan.trial : null,
    stratify: plan.holdout_percent > 0 && schedule.kind === 'once' ? plan.stratify : '',
  } as unknown as Record<string, unknown>
}
