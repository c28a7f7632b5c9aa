import type { Reward } from '@/components/rewards'
import type { Wire } from '@/components/conditions/grammar'

/** A plan's definition as the server keeps it; the settings are those of its kind. */
export interface Definition {
  key: string
  name: { zh: string; en: string }
  kind: string
  settings: Settings
  audience: Wire | null
  message: { template: string; purpose?: 'marketing' | 'service'; channels: string[] } | null
  rewards: Reward[]
  budget: string
  task: Chore | null
  holdout_percent: number
  win_back_days: number
  at: string
  contact_cost: number
}

export interface Chore {
  kind: string
  title: { zh: string; en: string }
  script: { zh: string; en: string }
  assign: 'owner' | 'store' | 'nobody'
  due_in_days: number
  per_day: number
  spread_days: number
}

export interface Cadence {
  stages: string[]
  tiers: string[]
  value_from: number
  weeks: number
}

export interface Stated {
  code: string
  days: number
}

export type Settings = Record<string, any>

export const stateTag: Record<string, 'info' | 'success' | 'warning' | 'primary'> = { draft: 'info', active: 'success', paused: 'warning', ended: 'info' }

export type Verdict = 'better' | 'worse' | 'cannot_tell' | 'too_few' | 'no_holdout'
export const verdictTag: Record<Verdict, 'success' | 'danger' | 'info'> = { better: 'success', worse: 'danger', cannot_tell: 'info', too_few: 'info', no_holdout: 'info' }

const fresh: Record<string, () => Settings> = {
  welcome: () => ({ channels: [], touchpoints: [] }),
  birthday: () => ({ when: 'day', days_before: 0, reckoning: 'member', leap_day: 'feb28' }),
  anniversary: () => ({ years: [], days_before: 0 }),
  festival: () => ({ festivals: [], days_before: 0 }),
  milestone: () => ({ orders: [10], spend: [] }),
  service: () => ({ skus: [], categories: [], departments: [], every_months: 6, every_days: 0, times: 0, days_before: 0 }),
  refill: () => ({ skus: [], categories: [], departments: [], by: 'sku', stated: [], fallback_days: 60, days_before: 3, own_after: 3 }),
  visit: () => ({ every_weeks: 12, least_orders: 3, cadences: [] }),
  dormant: () => ({ days: [60] }),
  behaviour: () => ({ activity: '', hours: 24, cooldown_days: 7 }),
  churn: () => ({ level: 'light', score: 'churn_60', from_percent: 50, to_percent: 100, cooldown_days: 60 }),
}

export const freshSettings = (kind: string): Settings => (fresh[kind] ?? (() => ({})))()

export const freshChore = (): Chore => ({ kind: 'call', title: { zh: '', en: '' }, script: { zh: '', en: '' }, assign: 'owner', due_in_days: 0, per_day: 8, spread_days: 5 })

export function freshPlan(kind = 'birthday'): Definition {
  return {
    key: '', name: { zh: '', en: '' }, kind, settings: freshSettings(kind), audience: null, message: { template: '', channels: [] },
    rewards: [], budget: '', task: kind === 'visit' ? freshChore() : null, holdout_percent: 0, win_back_days: 30, at: '09:30', contact_cost: 0,
  }
}

/** A ready-made plan as a form of its own; under its own key where that is free. */
export function planFrom(given: Record<string, unknown>, taken: boolean): Definition {
  const kind = String(given['kind'])
  const made = JSON.parse(JSON.stringify(given)) as Partial<Definition>
  return {
    ...freshPlan(kind), ...made, key: taken ? '' : String(given['key']), settings: { ...freshSettings(kind), ...made.settings },
    message: made.message ? { ...made.message, channels: (made.message.channels as string[] | undefined) ?? [] } : null, task: made.task ? { ...freshChore(), ...made.task } : null,
  } as Definition
}

export const whole = (words: readonly unknown[]): number[] => [...new Set(words.map(Number).filter((n) => Number.isInteger(n) && n > 0))].sort((a, b) => a - b)
