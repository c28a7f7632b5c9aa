/** Numbers, money and dates as people of the language write them; days and times on the programme's clock. */
import type { Language } from '@/api/types'

const EXPONENTS: Record<string, number> = { JPY: 0, KRW: 0, VND: 0, CLP: 0, ISK: 0, BHD: 3, KWD: 3, JOD: 3, OMR: 3, TND: 3 }

export function count(value: number, language: Language): string {
  return new Intl.NumberFormat(language).format(value)
}

/** With its sign, also a plus: `+120`, `−45`. */
export function signed(value: number, language: Language): string {
  const digits = count(Math.abs(value), language)
  return value < 0 ? `−${digits}` : `+${digits}`
}

/** `minor` is an integer of the currency's smallest unit. */
export function money(minor: number, currency: string, language: Language): string {
  const digits = EXPONENTS[currency] ?? 2
  return new Intl.NumberFormat(language, {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: minor % 10 ** digits === 0 && digits ? 0 : digits,
    maximumFractionDigits: digits,
  }).format(minor / 10 ** digits)
}

/** An amount of a unit: money where its amounts are money, else a number. */
export function amountOf(amount: number, unit: { money?: boolean }, currency: string, language: Language): string {
  return unit.money ? money(amount, currency, language) : count(amount, language)
}

/** `2026-03-31`, a calendar day, no zone about it. The year is left out when it is this one. */
export function day(iso: string, language: Language, now: Date = new Date()): string {
  const date = new Date(`${iso}T00:00:00Z`)
  const thisYear = date.getUTCFullYear() === now.getFullYear()
  return new Intl.DateTimeFormat(dates(language), {
    timeZone: 'UTC',
    year: thisYear ? undefined : 'numeric',
    month: language === 'en' ? 'short' : 'long',
    day: 'numeric',
  }).format(date)
}

/** An instant, to the minute, on the programme's clock. */
export function moment(iso: string, timeZone: string, language: Language, now: Date = new Date()): string {
  const date = new Date(iso)
  const thisYear = date.getFullYear() === now.getFullYear()
  return new Intl.DateTimeFormat(dates(language), {
    timeZone,
    year: thisYear ? undefined : 'numeric',
    month: language === 'en' ? 'short' : 'long',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(date)
}

/** `2026-03-31` with its weekday: what somebody who plans to come wants to know. */
export function weekDay(iso: string, language: Language, short = false): string {
  return new Intl.DateTimeFormat(dates(language), {
    timeZone: 'UTC',
    weekday: short || language === 'en' ? 'short' : 'long',
    ...(short ? {} : { month: language === 'en' ? 'short' : 'long', day: 'numeric' }),
  }).format(new Date(`${iso}T00:00:00Z`))
}

/** Day of an instant on the programme's clock, as `2026-03-31`. */
export function dayKey(iso: string, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).formatToParts(new Date(iso))
  const of = (type: string) => parts.find((p) => p.type === type)?.value ?? ''
  return `${of('year')}-${of('month')}-${of('day')}`
}

/** `2026-03-31` and so many days on. */
export function addDays(iso: string, days: number): string {
  return new Date(Date.parse(`${iso}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
}

/** Until when, as people say it: an end at midnight is the day before; another one is told to the minute. */
export function until(iso: string, timeZone: string, language: Language, now: Date = new Date()): string {
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(new Date(iso))
  if (clock !== '00:00') return moment(iso, timeZone, language, now)
  return day(dayKey(new Date(Date.parse(iso) - 1).toISOString(), timeZone), language, now)
}

/** `2026-03` of an instant on the programme's clock: what a history is grouped by. */
export function monthKey(iso: string, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit' }).formatToParts(new Date(iso))
  const of = (type: string) => parts.find((p) => p.type === type)?.value ?? ''
  return `${of('year')}-${of('month')}`
}

export function monthName(key: string, language: Language): string {
  return new Intl.DateTimeFormat(dates(language), { timeZone: 'UTC', year: 'numeric', month: 'long' }).format(
    new Date(`${key}-01T00:00:00Z`),
  )
}

/** Whole days from now until the calendar day begins; 0 today and past. */
export function daysUntil(iso: string, timeZone: string, now: Date = new Date()): number {
  const today = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(now)
  return Math.max(0, Math.round((Date.parse(`${iso}T00:00:00Z`) - Date.parse(`${today}T00:00:00Z`)) / 86_400_000))
}

function dates(language: Language): string {
  return language === 'en' ? 'en-GB' : language
}

/** A member code in groups of four, as it is read aloud. */
export function grouped(code: string): string {
  return code.replace(/(.{4})(?=.)/g, '$1 ')
}
