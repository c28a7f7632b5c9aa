import { i18n } from '@/i18n'
import { currentLocale } from './locale'

const cache = new Map<string, Intl.DateTimeFormat>()

function formatter(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = currentLocale() + JSON.stringify(options)
  let found = cache.get(key)
  if (!found) {
    found = new Intl.DateTimeFormat(currentLocale(), options)
    cache.set(key, found)
  }
  return found
}

let businessZone: string | undefined

/** Every time is shown on the clock of the programme, wherever the operator sits. */
export function setBusinessZone(zone: string | undefined): void {
  businessZone = zone
}

type Instant = string | number | Date

/** A date without a time ("2026-03-01") is a day, not an instant: it never moves with the zone. */
function zoneFor(value: Instant): string | undefined {
  return typeof value === 'string' && value.length === 10 ? 'UTC' : businessZone
}

export function date(value: Instant): string {
  return formatter({ dateStyle: 'medium', timeZone: zoneFor(value) }).format(new Date(value))
}

export function dateTime(value: Instant): string {
  return formatter({ dateStyle: 'medium', timeStyle: 'short', timeZone: zoneFor(value) }).format(new Date(value))
}

export function exact(value: Instant): string {
  return formatter({
    year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
    timeZone: zoneFor(value), timeZoneName: 'short',
  }).format(new Date(value))
}

export function clock(value: Instant): string {
  return formatter({ hour: '2-digit', minute: '2-digit', timeZone: zoneFor(value) }).format(new Date(value))
}

export function monthDay(value: Instant): string {
  return formatter({ month: 'short', day: 'numeric', timeZone: zoneFor(value) }).format(new Date(value))
}

export function month(value: Instant): string {
  return formatter({ year: 'numeric', month: 'short', timeZone: zoneFor(value) }).format(new Date(value))
}

/** Monday is 1, as in ISO 8601. */
export function weekdayName(isoWeekday: number): string {
  return formatter({ weekday: 'short', timeZone: 'UTC' }).format(new Date(Date.UTC(2024, 0, isoWeekday)))
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600], ['month', 2_629_800], ['day', 86_400], ['hour', 3_600], ['minute', 60], ['second', 1],
]

export function relative(value: Instant, now: number = Date.now()): string {
  const seconds = Math.round((new Date(value).getTime() - now) / 1000)
  if (Math.abs(seconds) < 5) return i18n.global.t('word.justNow')
  const format = new Intl.RelativeTimeFormat(currentLocale(), { numeric: 'auto' })
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size || unit === 'second') return format.format(Math.trunc(seconds / size), unit)
  }
  return ''
}

/** "2 min 5 s" for how long is left. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const parts: [number, string][] = [
    [Math.floor(whole / 3600), 'hour'], [Math.floor((whole % 3600) / 60), 'minute'], [whole % 60, 'second'],
  ]
  const shown = parts.filter(([amount], index) => amount > 0 || (index === 2 && whole < 60)).slice(0, 2)
  return shown
    .map(([amount, unit]) => new Intl.NumberFormat(currentLocale(), { style: 'unit', unit, unitDisplay: 'short' }).format(amount))
    .join(' ')
}

/** "2026-03-01" of an instant on the business clock, for date fields and queries. */
export function isoDay(value: Instant): string {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone: zoneFor(value), year: 'numeric', month: '2-digit', day: '2-digit' })
  return parts.format(new Date(value))
}

/** "2026-03-01T09:30" of an instant on the business clock, for fields of a day and time; one without a zone is that already. */
export function isoMinute(value: string): string {
  if (!/(Z|[+-]\d\d:?\d\d)$/.test(value)) return value.slice(0, 16)
  const time = new Intl.DateTimeFormat('en-GB', { timeZone: zoneFor(value), hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  return `${isoDay(value)}T${time.format(new Date(value))}`
}
