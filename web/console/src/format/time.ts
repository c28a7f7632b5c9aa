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

/** The instant at which the programme's clock shows this ("2026-03-01T12:00:00"): what an operator types is on that clock too. */
export function fromBusiness(wall: string): string {
  const typed = Date.parse(`${wall}Z`)
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: businessZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' })
  const ahead = (at: number): number => {
    const of = Object.fromEntries(parts.formatToParts(at).map((part) => [part.type, Number(part.value)]))
    return Date.UTC(of['year']!, of['month']! - 1, of['day'], of['hour'], of['minute'], of['second']) - at
  }
  return new Date(typed - ahead(typed - ahead(typed))).toISOString()
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
  const at = new Date(value)
  const timeZone = zoneFor(value)
  const said = formatter({ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', timeZone }).format(at)
  // in Chinese the zone would stand between day and time
  const zone = formatter({ timeZone, timeZoneName: 'short' }).formatToParts(at).find((part) => part.type === 'timeZoneName')?.value
  return zone ? `${said} ${zone}` : said
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

/** A period of the programme by its words where it is a month ("2026-10"); weeks and the like as they are counted. */
export function periodName(period: string): string {
  return /^\d{4}-(0[1-9]|1[0-2])$/.test(period) ? month(`${period}-01`) : period
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

/** "2026-02": the whole month before the one that the business clock shows. */
export function monthBefore(value: Instant): string {
  const [year, month] = isoDay(value).split('-').map(Number) as [number, number]
  return new Date(Date.UTC(year, month - 2, 1)).toISOString().slice(0, 7)
}

/** The day that a cell of a calendar stands for: pickers make their cells on the browser's clock, whatever that is. */
export function cellDay(cell: Date): string {
  const two = (one: number) => String(one).padStart(2, '0')
  return `${cell.getFullYear()}-${two(cell.getMonth() + 1)}-${two(cell.getDate())}`
}

/** "2026-03-01T09:30" of an instant on the business clock, for fields of a day and time; one without a zone is that already. */
export function isoMinute(value: string): string {
  if (!/(Z|[+-]\d\d:?\d\d)$/.test(value)) return value.slice(0, 16)
  const time = new Intl.DateTimeFormat('en-GB', { timeZone: zoneFor(value), hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  return `${isoDay(value)}T${time.format(new Date(value))}`
}
