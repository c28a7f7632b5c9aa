import { currentLocale } from './locale'

const cache = new Map<string, Intl.NumberFormat>()

function formatter(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = currentLocale() + JSON.stringify(options)
  let found = cache.get(key)
  if (!found) {
    found = new Intl.NumberFormat(currentLocale(), options)
    cache.set(key, found)
  }
  return found
}

export function integer(value: number): string {
  return formatter({ maximumFractionDigits: 0 }).format(value)
}

/** With a plus sign for what came in, a true minus for what went out. */
export function signed(value: number): string {
  return formatter({ maximumFractionDigits: 0, signDisplay: 'exceptZero' }).format(value)
}

export function compact(value: number): string {
  return formatter({ notation: 'compact', maximumFractionDigits: 1 }).format(value)
}

/** `ratio` 0.123 is shown as 12.3 %. */
export function percent(ratio: number, digits = 1): string {
  return formatter({ style: 'percent', maximumFractionDigits: digits }).format(ratio)
}

/** How many digits the smallest unit of a currency stands for: 2 for CNY, 0 for JPY. */
export function currencyDigits(currency: string): number {
  return formatter({ style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
}

/** `minor` is in the smallest unit of the currency (fen for CNY). */
export function money(minor: number, currency: string): string {
  const digits = currencyDigits(currency)
  return formatter({ style: 'currency', currency, currencyDisplay: 'narrowSymbol' }).format(minor / 10 ** digits)
}

export function moneyCompact(minor: number, currency: string): string {
  const digits = currencyDigits(currency)
  return formatter({
    style: 'currency', currency, currencyDisplay: 'narrowSymbol', notation: 'compact', maximumFractionDigits: 1,
  }).format(minor / 10 ** digits)
}

export function bytes(size: number): string {
  const units = ['B', 'KB', 'MB', 'GB']
  let rest = size
  let step = 0
  while (rest >= 1000 && step < units.length - 1) {
    rest /= 1000
    step += 1
  }
  return `${formatter({ maximumFractionDigits: step === 0 ? 0 : 1 }).format(rest)} ${units[step]}`
}
