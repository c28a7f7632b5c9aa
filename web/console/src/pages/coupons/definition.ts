import type { Names, Offer } from '@/pages/programme/definition'

/** A coupon definition as the server reads it, without its key. */
export interface Validity { kind: 'fixed' | 'after_claim'; from?: string | null; to?: string | null; days?: number | null; delay_days?: number; not_before?: string | null; not_after?: string | null }
export interface CouponDefinition {
  name: Names
  description: Names
  state: string
  offer: Offer
  validity: Validity
  limits: { total: number | null; per_day: number | null; per_member: number | null; per_person: number | null }
  budgets: string[]
  worth: number
  claim: { channels: string[]; from: string | null; to: string | null; tiers: string[] }
  codes: 'none' | 'pool'
  words: string[]
  transferable: boolean
  gift_hours: number
  grace_days: number
  undo_minutes: number
}

export function newDefinition(digits: number): CouponDefinition {
  return {
    name: { zh: '', en: '' }, description: { zh: '', en: '' }, state: 'draft', offer: { kind: 'amount', amount: 10 * 10 ** digits },
    validity: { kind: 'after_claim', days: 30, delay_days: 0, not_before: null, not_after: null },
    limits: { total: null, per_day: null, per_member: 1, per_person: null }, budgets: [], worth: 0,
    claim: { channels: ['issue'], from: null, to: null, tiers: [] }, codes: 'none', words: [], transferable: false, gift_hours: 72, grace_days: 0, undo_minutes: 30,
  }
}
