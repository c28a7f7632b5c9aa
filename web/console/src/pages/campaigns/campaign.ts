import type { components } from '@/api/schema'
import { integer, money, percent } from '@/format/number'

export type Campaign = components['schemas']['CampaignDetailOut']
export type Listed = components['schemas']['CampaignOut']
export type Run = components['schemas']['CampaignRunOut']
export type Result = components['schemas']['CampaignResultOut']

export const stateTypes: Record<string, 'success' | 'info' | 'warning' | 'danger' | 'primary'> = {
  draft: 'info', submitted: 'warning', approved: 'primary', running: 'success', paused: 'warning', finished: 'info', cancelled: 'danger', archived: 'info',
}
export const verdictTypes: Record<string, 'success' | 'info' | 'warning' | 'danger'> = { up: 'success', down: 'danger', split: 'danger', unclear: 'info' }
/** A goal's figure as people read it: a share, money, or members. */
export const goalText = (goal: { metric: string }, value: number, currency: string) => (goal.metric === 'conversion' ? percent(value / 1000) : goal.metric === 'money' ? money(value, currency) : integer(value))
export const isOver = (run: Run | null | undefined) => !run || run.state === 'finished' || run.state === 'cancelled'

export interface Difference { treated: number; control: number; difference: number; low: number; high: number; p_value: number; detectable: number; variance_kept: number; relative: number | null }
export interface Span { value: number; low: number; high: number }
export interface Arm { arm: string; kind: string; rows: number; buyers: number; orders: number; money: number; discount: number; rate: number | null; money_per: number | null; uplift: Record<string, Difference> | null }
export interface Figures {
  currency: string
  verdict: string
  is_final: boolean
  margin_permille: number | null
  arms: Arm[]
  uplift: Record<string, Difference> | null
  total: { treated: number; money: Span; margin: Span | null; cost: { discount: number; points: number | null; messages: number | null }; net: Span | null; roi: Span | null } | null
  split: { p_value: number; warns: boolean; arms: { arm: string; got: number; expected: number }[] }
  days: { day: string; treated: number | null; holdout: number | null }[]
  variants: (Record<string, Difference> & { first: string; second: string })[] | null
  goal: { metric: string; target: number; baseline: number | null; current: number; forecast: number | null } | null
}
