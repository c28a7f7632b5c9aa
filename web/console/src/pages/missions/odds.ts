/** Odds without rounding: `1/100`, `0.005` and their exact sum. */
export interface Ratio { top: bigint; bottom: bigint }
const gcd = (a: bigint, b: bigint): bigint => (b ? gcd(b, a % b) : a)

function made(top: bigint, bottom: bigint): Ratio {
  const by = gcd(top < 0n ? -top : top, bottom) || 1n
  return { top: top / by, bottom: bottom / by }
}

/** Nothing where the text is no ratio. */
export function ratioOf(text: string): Ratio | undefined {
  const fraction = /^\s*(\d{1,9})\s*\/\s*(\d{1,9})\s*$/.exec(text)
  if (fraction) {
    const bottom = BigInt(fraction[2] ?? '0')
    return bottom ? made(BigInt(fraction[1] ?? '0'), bottom) : undefined
  }
  const decimal = /^\s*(\d{0,9})(?:\.(\d{1,6}))?\s*$/.exec(text)
  if (!decimal || text.trim() === '') return undefined
  const digits = decimal[2] ?? ''
  return made(BigInt(`${decimal[1] ?? ''}${digits}` || '0'), 10n ** BigInt(digits.length))
}

/** The sum of all that are ratios, as `a/b` or a whole number. */
export function sumOf(texts: readonly string[]): string {
  let total: Ratio = { top: 0n, bottom: 1n }
  for (const text of texts) {
    const one = ratioOf(text)
    if (one) total = made(total.top * one.bottom + one.top * total.bottom, total.bottom * one.bottom)
  }
  return total.bottom === 1n ? String(total.top) : `${total.top}/${total.bottom}`
}
