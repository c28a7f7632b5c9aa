import type { Wish } from '@/stores/till'
import type { Price } from './shapes'

/** What a member wished of a sale, read off its price: so much of each tender, the coupons she chose, what she declined. */
export function wishOf(price: Price | null | undefined, isGift: (unit: string) => boolean): Wish {
  const wish: Wish = { coupons: 'best', codes: [], points: 'none', stored: 'none', gift: 'none', without: [] }
  if (!price) return wish
  const sum = (gift: boolean) => Object.entries(price.stored).filter(([unit]) => isGift(unit) === gift).reduce((all, [, amount]) => all + amount, 0)
  wish.points = price.points || 'none'
  wish.stored = sum(false) || 'none'
  wish.gift = sum(true) || 'none'
  if (price.found === 'chosen') wish.coupons = price.applied.filter((one) => one.source === 'coupon').map((one) => one.coupon ?? one.ref.slice('coupon:'.length))
  wish.without = price.refused.filter((one) => one.code === 'declined' && !one.ref.startsWith('coupon:')).map((one) => one.ref)
  return wish
}
