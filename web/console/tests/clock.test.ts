import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { startValue } from '@/components/conditions/grammar'
import { cellDay, fromBusiness, isoDay, isoMinute, monthBefore, setBusinessZone } from '@/format/time'

const root = new URL('../src', import.meta.url).pathname
const sources = (readdirSync(root, { recursive: true }) as string[])
  .filter((name) => /\.(vue|ts)$/.test(name))
  .map((name) => [name, readFileSync(join(root, name), 'utf8')] as const)

beforeEach(() => setBusinessZone('Asia/Shanghai'))

describe('an operator in Los Angeles who works for a brand in Shanghai', () => {
  it('sits in another zone than the brand, in all these tests', () => {
    expect(Intl.DateTimeFormat().resolvedOptions().timeZone).toBe('America/Los_Angeles')
  })

  it('reads and writes a time on the clock of the brand', () => {
    // ten in the morning in Shanghai is two at night by UTC, and the evening before where the operator sits
    expect(fromBusiness('2026-03-09T10:00')).toBe('2026-03-09T02:00:00.000Z')
    expect(isoMinute('2026-03-09T02:00:00.000Z')).toBe('2026-03-09T10:00')
    // the hour that the operator's own clock leaves out, and the one that it has twice
    for (const wall of ['2026-03-08T02:30', '2026-11-01T01:30']) expect(isoMinute(fromBusiness(wall))).toBe(wall)
  })

  it('sees every quarter of an hour come back as it was picked, around all changes of clocks', () => {
    for (const zone of ['Asia/Shanghai', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe']) {
      setBusinessZone(zone)
      for (const day of ['2026-03-08', '2026-03-29', '2026-04-05', '2026-10-04', '2026-10-25', '2026-11-01']) {
        const noon = Date.parse(`${day}T12:00:00Z`)
        for (let at = noon - 86_400_000; at < noon + 43_200_000; at += 900_000) {
          const wall = isoMinute(new Date(at).toISOString())
          expect(isoMinute(fromBusiness(wall))).toBe(wall)
        }
      }
    }
  }, 60_000)

  it('starts from the brand’s day, month and last month', () => {
    const at = '2026-02-28T20:00:00Z' // March 1, 04:00 in Shanghai; noon of February 28 in Los Angeles
    expect([isoDay(at), monthBefore(at), monthBefore('2026-01-15T00:00:00Z')]).toEqual(['2026-03-01', '2026-02', '2025-12'])
    expect(startValue('one', 'date', [])).toBe(isoDay(Date.now()))
  })

  it('is offered the days of a calendar as they stand in it', () => {
    expect([cellDay(new Date(2026, 2, 8)), cellDay(new Date(2026, 11, 31, 23, 59))]).toEqual(['2026-03-08', '2026-12-31'])
  })
})

describe('no page', () => {
  // the number of a cart is made of the clock of the till that stands in the shop
  const own = new Set(['format/time.ts', 'pages/till/cart.ts'])
  const faults: [string, RegExp][] = [
    ['asks the browser what day or hour it is', /\.(get(FullYear|Month|Date|Day|Hours|Minutes)|set(Date|Month|Hours)|to(Locale)?DateString|toLocaleTimeString)\(/],
    ['makes an instant of what was typed by the browser’s clock', /new Date\(`[^`]*T\d\d:\d\d(:\d\d)?`\)|new Date\((\w+\.value|form\.\w+)\)\.toISOString/],
    ['has a picker that gives instants of the browser’s clock', /value-format="[^"]*Z"|value-format="x"/i],
    ['takes the day of UTC for today', /new Date\(\)\.toISOString\(\)\.slice/],
  ]
  it.each(faults)('%s', (_, fault) => {
    expect(sources.length).toBeGreaterThan(300)
    expect(sources.filter(([name, text]) => !own.has(name) && fault.test(text)).map(([name]) => name)).toEqual([])
  })
})
