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

/** In full while it is short: 9,999, then 12.3K. */
export function compact(value: number): string {
  if (Math.abs(value) < 10_000) return integer(value)
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
  return formatter({ style: 'currency', currency, currencyDisplay: 'narrowSymbol' }).format(major(minor, currency))
}

/** `minor` as a number of whole units of the currency, for charts and tables. */
export function major(minor: number, currency: string): number {
  return minor / 10 ** currencyDigits(currency)
}

/** For the axis of a chart. */
export function moneyCompact(minor: number, currency: string): string {
  const value = major(minor, currency)
  const short = Math.abs(value) >= 10_000
  return formatter({
    style: 'currency', currency, currencyDisplay: 'narrowSymbol', minimumFractionDigits: 0,
    maximumFractionDigits: short ? 1 : Math.abs(value) < 10 ? currencyDigits(currency) : 0, ...(short ? { notation: 'compact' } : {}),
  }).format(value)
}

/** Beside a bar: whole units, in full. */
export function moneyWhole(minor: number, currency: string): string {
  return formatter({ style: 'currency', currency, currencyDisplay: 'narrowSymbol', maximumFractionDigits: 0 }).format(major(minor, currency))
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
