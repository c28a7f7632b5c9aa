/** What the portal's API says, as the pages read it. Texts arrive in the language of the request. */

export type Language = 'zh-CN' | 'en'

export interface Benefit {
  code: string
  name: string
  detail: string
  quota: { limit: number; period: string } | null
}

export interface FieldChoice {
  value: string
  label: string
}

export type FieldKind = 'text' | 'long_text' | 'integer' | 'decimal' | 'boolean' | 'date' | 'choice' | 'choices'
export type FieldValue = string | number | boolean | string[] | null

export interface ProfileField {
  key: string
  label: string
  help: string
  kind: FieldKind
  required: boolean
  choices: FieldChoice[]
}

export interface Consent {
  version: string
  title: string
  paragraphs: string[]
}

export interface Signed {
  name: string
  code: string
}

export interface Front {
  brand: {
    slug: string
    name: string
    logo_url: string | null
    accent: string | null
    headline: string
    promise: string
    currency: string
    time_zone: string
  }
  language: Language
  demo: boolean
  sign_in: { kinds: IdentifierKind[]; code_digits: number; code_lifetime_seconds: number; resend_after_seconds: number }
  arrival: { store: string | null; recruiter: string | null }
  consent: Consent
  enrol_fields: ProfileField[]
  first_benefits: Benefit[]
  member: Signed | null
}

export type IdentifierKind = 'phone' | 'email'

export interface CodeSent {
  expires_in_seconds: number
  resend_after_seconds: number
}

export interface SignInAnswer {
  outcome: 'signed_in' | 'enrol'
}

export interface Unit {
  code: string
  name: string
}

export interface Balance {
  unit: Unit
  available: number
  pending: number
  held: number
  debt: number
  next_expiry: { on: string; amount: number } | null
}

export type Metric = 'spend' | 'growth' | 'visits' | 'orders' | 'points' | 'activities'

export interface Progress {
  kind: 'reach' | 'keep'
  tier_name: string
  metric: Metric
  metric_name: string
  have: number
  target: number
  missing: number
  by: string | null
}

export interface Card {
  member: Signed & { joined_on: string }
  tier: {
    code: string
    name: string
    level: number
    colour: string | null
    until: string | null
    in_grace_until: string | null
  } | null
  balances: Balance[]
  progress: Progress[]
  next: NextThing
}

export type NextThing =
  | { kind: 'debt'; amount: number; unit_name: string }
  | { kind: 'keep_tier'; tier_name: string; missing: number; metric: Metric; metric_name: string; by: string | null }
  | { kind: 'expiring'; amount: number; unit_name: string; on: string }
  | { kind: 'first_order' }
  | { kind: 'profile'; percent: number; field_label: string }
  | { kind: 'reach_tier'; tier_name: string; missing: number; metric: Metric; metric_name: string; by: string | null }
  | { kind: 'show_code' }

export interface Pass {
  token: string
  expires_in_seconds: number
  lifetime_seconds: number
}

export interface TierBenefits {
  code: string
  name: string
  level: number
  colour: string | null
  current: boolean
  requirement: string
  benefits: (Benefit & { adds: boolean })[]
}

export interface Benefits {
  tiers: TierBenefits[]
}

export interface Points {
  balances: (Balance & {
    expiries: { on: string; amount: number }[]
    never_expires: number
    later_active: { on: string | null; amount: number }[]
  })[]
}

export interface Effect {
  unit_name: string
  amount: number
  account: 'available' | 'pending' | 'held' | 'debt'
  expires_on: string | null
}

export interface Why {
  rule: string
  sentence: string
  amount: number | null
  unit_name: string | null
}

export interface HistoryItem {
  id: string
  kind: string
  at: string
  title: string
  store: string | null
  order_number: string | null
  effects: Effect[]
  whys: Why[]
}

export interface Paged<T> {
  items: T[]
  next_cursor: string | null
}

export interface OrderLine {
  name: string
  quantity: string
  amount: number
}

export interface Order {
  id: string
  number: string
  at: string
  store: string | null
  currency: string
  total: number
  refunded: number
  lines: OrderLine[]
  refunds: { id: string; at: string; amount: number }[]
}

export interface Profile {
  fields: (ProfileField & { value: FieldValue; locked: boolean })[]
  completion: { filled: number; total: number }
}

export interface Identifier {
  id: string
  kind: string
  kind_name: string
  shown: string
  verified: boolean
}

export interface FieldProblem {
  field: string
  code: string
  message: string
}
