import type { Price, Text } from './shapes'

export interface Change {
  what: 'payable' | 'discount' | 'points' | 'stored' | 'offer' | 'gone'
  name?: Text
  before: number
  after: number
  /** Why an offer is gone. */
  why?: Text
}

const stored = (price: Price) => Object.values(price.stored).reduce((sum, one) => sum + one, 0)

/** What is not as it was quoted: sums first, then each offer that came, went, or gives another amount. */
export function changes(before: Price, after: Price): Change[] {
  const found: Change[] = []
  const compare = (what: Change['what'], old: number, next: number) => {
    if (old !== next) found.push({ what, before: old, after: next })
  }
  compare('payable', before.payable, after.payable)
  compare('discount', before.discount, after.discount)
  compare('points', before.points, after.points)
  compare('stored', stored(before), stored(after))
  const old = new Map(before.applied.map((one) => [one.ref, one]))
  const now = new Map(after.applied.map((one) => [one.ref, one]))
  for (const [ref, one] of old) {
    const next = now.get(ref)
    const why = after.refused.find((refused) => refused.ref === ref)?.text
    if (!next) found.push({ what: 'gone', name: one.name, before: one.amount, after: 0, ...(why ? { why } : {}) })
    else if (next.amount !== one.amount) found.push({ what: 'offer', name: one.name, before: one.amount, after: next.amount })
  }
  for (const [ref, one] of now) if (!old.has(ref)) found.push({ what: 'offer', name: one.name, before: 0, after: one.amount })
  return found
}
