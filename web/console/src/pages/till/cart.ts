/** A cart line as the clerk typed it. `price` is of one piece, in the smallest unit; `quantity` is a decimal as text. */
export interface Line {
  readonly id: number
  sku: string
  name: string
  category: string
  price: number
  quantity: string
}

export type Goods = Pick<Line, 'sku' | 'name' | 'category' | 'price'>

export interface Entry {
  sku: string
  name: string
  price: number | undefined
  quantity: string | undefined
}

const NUMBER = /^\d{1,9}(?:[.．。]\d{1,6})?$/
const TIMES = /^[x×*＊](\d{1,6}(?:\.\d{1,6})?)$/i

/** "32" or "32.5" as minor units; undefined for what is no price. */
export function priceOf(text: string, digits: number): number | undefined {
  const plain = text.replace(/[¥￥$,，]/g, '').replace(/[．。]/g, '.')
  if (!NUMBER.test(plain)) return undefined
  const minor = Math.round(Number(plain) * 10 ** digits)
  return Math.abs(minor - Number(plain) * 10 ** digits) < 1e-6 ? minor : undefined
}

/**
 * What was typed or scanned: `sku`, `sku price`, `sku price quantity`, with a name anywhere between, and `*3` for the
 * quantity. `latte 32`, `latte Caffè latte 32 2`, `6901234567890`, `latte *2`.
 */
export function readEntry(text: string, digits: number): Entry | undefined {
  const words = text.trim().replace(/[，,;；\t]+/g, ' ').split(/\s+/).filter(Boolean)
  const sku = words.shift()
  if (!sku || sku.length > 64) return undefined
  let quantity: string | undefined
  const rest = words.filter((word) => {
    const times = TIMES.exec(word)
    if (times) quantity = times[1]
    return !times
  })
  const numbers: string[] = []
  while (numbers.length < (quantity === undefined ? 2 : 1) && rest.length > 0 && priceOf(rest.at(-1)!, 6) !== undefined) numbers.unshift(rest.pop()!)
  const price = numbers[0] === undefined ? undefined : priceOf(numbers[0], digits)
  if (numbers[0] !== undefined && price === undefined) return undefined
  if (numbers[1] !== undefined) quantity = numbers[1].replace(/[．。]/g, '.')
  if (quantity !== undefined && !(Number(quantity) > 0)) return undefined
  return { sku, name: rest.join(' ').slice(0, 200), price, quantity }
}

/** Exact for pieces; by weight the amount of a line is rounded half up, as the server does. */
export function lineAmount(line: Pick<Line, 'price' | 'quantity'>): number {
  return Math.round(line.price * Number(line.quantity) + 1e-9)
}

/** One piece more or less; what is sold by weight keeps its fraction. */
export function stepped(quantity: string, by: 1 | -1): string {
  const next = Number((Number(quantity) + by).toFixed(6))
  return next > 0 ? String(next) : quantity
}

/** The goods used last, the newest first, each once. */
export function remember(known: readonly Goods[], used: Goods, most = 60): Goods[] {
  const kept = { sku: used.sku, name: used.name, category: used.category, price: used.price }
  return [kept, ...known.filter((one) => one.sku !== used.sku)].slice(0, most)
}

/** What is offered while she types: code or name begins with it, then contains it. */
export function offered(known: readonly Goods[], text: string, most = 6): Goods[] {
  const q = (text.trim().split(/\s+/)[0] ?? '').toLowerCase()
  if (!q) return []
  const rank = (one: Goods) => {
    const [sku, name] = [one.sku.toLowerCase(), one.name.toLowerCase()]
    return sku === q ? 0 : sku.startsWith(q) || name.startsWith(q) ? 1 : sku.includes(q) || name.includes(q) ? 2 : 3
  }
  return known.map((one, at) => [rank(one), at, one] as const).filter(([r]) => r < 3).sort((a, b) => a[0] - b[0] || a[1] - b[1]).slice(0, most).map(([, , one]) => one)
}

/** A member's QR pass in the goods' field is a member, not goods. */
export function isPass(text: string): boolean {
  return /^R1[A-Z2-7]{56}$/i.test(text.trim())
}

/** Unique for this store: the moment and four random letters. */
export function newNumber(store: string, now: Date = new Date()): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const stamp = `${two(now.getFullYear() % 100)}${two(now.getMonth() + 1)}${two(now.getDate())}${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`
  const letters = Array.from(crypto.getRandomValues(new Uint8Array(4)), (byte) => 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'[byte % 32]).join('')
  return `${store.slice(0, 24)}-${stamp}-${letters}`
}
