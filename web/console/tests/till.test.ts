import { describe, expect, it } from 'vitest'
import { isPass, lineAmount, newNumber, offered, priceOf, readEntry, remember, stepped } from '@/pages/till/cart'
import { changes } from '@/pages/till/difference'
import type { Price } from '@/pages/till/shapes'
import { wishOf } from '@/pages/till/wish'

describe('what is typed at the till', () => {
  it('is a code, with name, price and quantity where they are given', () => {
    expect(readEntry('latte 32 2', 2)).toEqual({ sku: 'latte', name: '', price: 3200, quantity: '2' })
    expect(readEntry(' latte  Caffe latte 32.5 ', 2)).toEqual({ sku: 'latte', name: 'Caffe latte', price: 3250, quantity: undefined })
    expect(readEntry('6901234567890', 2)).toEqual({ sku: '6901234567890', name: '', price: undefined, quantity: undefined })
    expect(readEntry('latte *3', 2)).toEqual({ sku: 'latte', name: '', price: undefined, quantity: '3' })
    expect(readEntry('beans 128 x0.5', 2)).toEqual({ sku: 'beans', name: '', price: 12800, quantity: '0.5' })
    expect(readEntry('tea，28，2', 2)).toEqual({ sku: 'tea', name: '', price: 2800, quantity: '2' })
  })

  it('is refused where it says no price or no quantity', () => {
    expect(readEntry('', 2)).toBeUndefined()
    expect(readEntry('tea 28.123', 2)).toBeUndefined()
    expect(readEntry('tea 28 0', 2)).toBeUndefined()
  })

  it('knows the digits of the currency', () => {
    expect(priceOf('32.50', 2)).toBe(3250)
    expect(priceOf('0.29', 2)).toBe(29)
    expect(priceOf('320', 0)).toBe(320)
    expect(priceOf('3.2', 0)).toBeUndefined()
    expect(priceOf('abc', 2)).toBeUndefined()
  })

  it('may be the pass of a member', () => {
    expect(isPass(`r1${'a'.repeat(56)}`)).toBe(true)
    expect(isPass('6901234567890')).toBe(false)
  })
})

describe('the cart', () => {
  it('rounds a weighed line as the server does', () => {
    expect(lineAmount({ price: 1999, quantity: '0.5' })).toBe(1000)
    expect(lineAmount({ price: 333, quantity: '3' })).toBe(999)
  })

  it('steps by a piece and never to nothing', () => {
    expect(stepped('2', -1)).toBe('1')
    expect(stepped('0.5', -1)).toBe('0.5')
    expect(stepped('0.1', 1)).toBe('1.1')
  })

  it('offers what was used last, the best match first', () => {
    const goods = (sku: string, name: string) => ({ sku, name, category: '', price: 100 })
    const known = remember(remember([goods('tea', 'Oolong')], goods('latte', 'Latte')), goods('oat', 'Oat latte'))
    expect(known.map((one) => one.sku)).toEqual(['oat', 'latte', 'tea'])
    expect(offered(known, 'lat').map((one) => one.sku)).toEqual(['latte', 'oat'])
    expect(remember(known, goods('tea', 'Oolong')).map((one) => one.sku)).toEqual(['tea', 'oat', 'latte'])
  })

  it('numbers orders apart', () => {
    const at = new Date(2026, 2, 1, 9, 5, 7)
    expect(newNumber('SH001', at)).toMatch(/^SH001-260301090507-[A-Z2-9]{4}$/)
    expect(newNumber('S'.repeat(60), at).length).toBeLessThanOrEqual(56)
  })
})

describe('a quote that changed', () => {
  const name = (en: string) => ({ zh: '', en })
  const price = (payable: number, ...applied: { ref: string; amount: number }[]) =>
    ({ payable, discount: 0, points: 0, stored: {}, refused: [{ ref: 'coupon:1', name: name('ten'), code: 'expired', text: name('expired') }],
      applied: applied.map((one) => ({ ...one, name: name(one.ref) })) }) as unknown as Price

  it('says what is different, and why an offer is gone', () => {
    const found = changes(price(9000, { ref: 'coupon:1', amount: 1000 }, { ref: 'promotion:a', amount: 500 }), price(9900, { ref: 'promotion:a', amount: 600 }))
    expect(found.map((one) => [one.what, one.before, one.after])).toEqual([['payable', 9000, 9900], ['gone', 1000, 0], ['offer', 500, 600]])
    expect(found[1]?.why?.en).toBe('expired')
  })

  it('is the same where nothing changed', () => {
    expect(changes(price(9000), price(9000))).toEqual([])
  })
})

describe('a sale that is reopened', () => {
  const sold = {
    points: 500, stored: { principal: 3000, bonus: 200, gift: 1500 }, found: 'chosen',
    applied: [{ ref: 'coupon:a1', source: 'coupon', coupon: 'a1' }, { ref: 'promotion:spring', source: 'promotion' }],
    refused: [{ ref: 'promotion:weekend', code: 'declined' }, { ref: 'coupon:b2', code: 'not_chosen' }, { ref: 'benefit:cake', code: 'not_reached' }],
  } as unknown as Price

  it('wishes what it used, by tender, and declines what was declined', () => {
    expect(wishOf(sold, (unit) => unit === 'gift')).toEqual({ coupons: ['a1'], codes: [], points: 500, stored: 3200, gift: 1500, without: ['promotion:weekend'] })
  })

  it('wishes for the best combination where she left it to the till', () => {
    expect(wishOf({ ...sold, found: 'optimal', points: 0, stored: {} } as Price, () => false)).toMatchObject({ coupons: 'best', points: 'none', stored: 'none', gift: 'none' })
    expect(wishOf(undefined, () => false).coupons).toBe('best')
  })
})
