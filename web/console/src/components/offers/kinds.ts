import type { Offer } from '@/pages/programme/definition'

export const offerKinds = ['amount', 'percent', 'threshold', 'fixed_price', 'exchange', 'free_item', 'shipping', 'cashback'] as const
export const priceKinds = ['percent', 'fixed_price'] as const
const own: Record<string, (keyof Offer)[]> = {
  amount: ['amount'],
  percent: ['factor', 'cap'],
  threshold: ['steps', 'measure', 'every', 'cap'],
  fixed_price: ['price', 'pieces', 'limit'],
  exchange: ['price', 'pieces'],
  free_item: ['buy', 'get', 'factor', 'same_item', 'gift', 'times'],
  shipping: ['cap'],
  cashback: ['unit', 'amount', 'rate', 'cap'],
}

/** Values to start from, in the smallest unit of a currency with `digits` decimals. */
export function startOf(kind: string, digits: number, unit: string): Partial<Offer> {
  const money = (major: number) => major * 10 ** digits
  switch (kind) {
    case 'amount': return { amount: money(10) }
    case 'percent': return { factor: '0.9' }
    case 'threshold': return { steps: [{ at_least: money(200), off: money(20) }] }
    case 'fixed_price': return { price: money(9) }
    case 'free_item': return { buy: 1 }
    case 'cashback': return { unit, rate: '0.05' }
    default: return {}
  }
}

/** Another kind: what belongs to the old one alone goes, what both share stays. */
export function ofKind<T extends Offer>(offer: T, kind: string, digits: number, unit: string): T {
  const kept = { ...offer, kind }
  for (const name of new Set(Object.values(own).flat())) delete kept[name]
  return { ...kept, ...startOf(kind, digits, unit) }
}
