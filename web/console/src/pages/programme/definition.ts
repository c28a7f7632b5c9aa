import type { Wire } from '@/components/conditions/grammar'

/** A programme's definition as the server reads it: see the REST documentation of programmes. */
export interface Names { zh: string; en: string }
export interface Expiry { kind: string; n?: number; round_up?: string; on?: string }
export interface Unit { code: string; name: Names; kind: string; expiry?: Expiry; claw_back?: string; can_burn?: boolean }
export interface Pending { until: string; days?: number }
export interface Effect {
  type: string
  unit?: string
  mode?: string
  amount?: number
  per?: number
  factor?: string | number
  table?: Record<string, number>
  lines?: Wire
  pending?: Pending
  expiry?: Expiry
  limit?: number
  tag?: string
  remove?: boolean
  scheme?: string
  steps?: number
  tier?: string
  months?: number
  definition?: string
  count?: number
  benefit?: string
  uses?: number
  days?: number
  void_on_refund?: boolean
  template?: string
  channels?: string[]
  purpose?: string
  cancel_on_refund?: boolean
  kind?: string
  title?: Names
  script?: Names
  event?: string
  badge?: string
  mission?: string
  draw?: string
}
/** Kinds of effects in the order of the menu; those from `message` on are what others do. */
export const ACTS: readonly string[] = ['message', 'task', 'webhook', 'badge', 'mission', 'draw_chance']
export const EFFECTS: readonly string[] = ['points', 'coupon', 'benefit', 'tag', 'tier_step', 'extend_expiry', ...ACTS]
export interface Cap { period: string; times?: number; amount?: number }
export interface Times {
  starts_at?: string
  ends_at?: string
  weekdays?: number[]
  dayparts?: [string, string][]
}
export interface Rule extends Times {
  key: string
  name: Names
  trigger: string
  enabled?: boolean
  condition?: Wire
  effects: Effect[]
  priority?: number
  member_day?: boolean
  caps?: Cap[]
  stacking_group?: string
}
export interface Qualification { metric: string; at_least: number }
export interface Tier { code: string; name: Names; rank: number; qualify?: Qualification[]; need?: number; keep?: Qualification[]; colour?: string }
export interface Scheme {
  key: string
  name: Names
  tiers: Tier[]
  validity_months?: number
  anchor?: string
  fixed_month?: number
  fixed_day?: number
  on_end?: string
  grace_days?: number
  refund_demotes?: boolean
}
export interface Benefit {
  key: string
  name: Names
  kind: string
  scheme: string
  tiers: string[]
  description?: Names
  factor?: string
  unit?: string
  quota?: number
  period?: string
}
export interface Step { at_least: number; off?: number; factor?: string | number }
export interface Stacking { mode?: string; exclusive_of?: string; group?: string; category?: string; per_order?: number; skip_idle?: boolean }
/** What lowers a price: of a promotion, or of a coupon definition. */
export interface Offer extends Times {
  kind: string
  amount?: number
  factor?: string | number
  cap?: number
  steps?: Step[]
  measure?: string
  every?: boolean
  price?: number
  pieces?: number
  limit?: number
  buy?: number
  get?: number
  same_item?: boolean
  gift?: Wire
  times?: number
  unit?: string
  rate?: string | number
  lines?: Wire
  condition?: Wire
  member_day?: boolean
  first_order?: boolean
  at_least?: number
  at_least_pieces?: number
  stacking?: Stacking
  priority?: number
  budget?: string
  returns?: string
}
export interface Promotion extends Offer { key: string; name: Names; layer?: string; enabled?: boolean }
export interface StackingCategory { code: string; name: Names; most?: number }
export interface PointsTender { unit: string; points: number; minor: number; step?: number; least?: number; share?: string | number; lines?: Wire; shipping?: boolean; earns?: boolean }
export interface StoredTender { principal: string; bonus?: string; order?: string; principal_earns?: boolean; bonus_earns?: boolean }
export interface GiftTender { unit: string; earns?: boolean }
export interface Checkout {
  categories?: StackingCategory[]
  coupons_per_order?: number
  points?: PointsTender
  stored?: StoredTender
  gift?: GiftTender
  gift_first?: boolean
  shipping_returns?: string
  quote_minutes?: number
}
export interface MemberDays { days_of_month?: number[]; weekdays?: number[] }
export interface Definition {
  format?: number
  name?: Names
  words?: Record<string, Names>
  units?: Unit[]
  member_days?: MemberDays
  schemes?: Scheme[]
  rules?: Rule[]
  benefits?: Benefit[]
  promotions?: Promotion[]
  checkout?: Checkout
}

/** Sets a key, or takes it away where the value is the default or nothing. */
export function put<T extends object, K extends keyof T>(target: T, key: K, value: T[K] | undefined | null, fallback?: T[K]): T {
  const copy = { ...target }
  if (value === undefined || value === null || value === fallback || (Array.isArray(value) && value.length === 0)) delete copy[key]
  else copy[key] = value
  return copy
}

/** A key that is free, made of a base: `double`, `double-2`, … */
export function freeKey(base: string, taken: readonly string[]): string {
  if (!taken.includes(base)) return base
  let n = 2
  while (taken.includes(`${base}-${n}`)) n += 1
  return `${base}-${n}`
}
