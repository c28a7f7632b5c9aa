import { beforeEach, describe, expect, it } from 'vitest'
import { csvBlob } from '@/api/csv'
import { address } from '@/api/client'
import { Problem } from '@/api/problem'
import { i18n } from '@/i18n'
import { compact, currencyDigits, money, moneyCompact, moneyWhole, percent, signed } from '@/format/number'
import { date, duration, exact, fromBusiness, isoDay, periodName, relative, setBusinessZone } from '@/format/time'

const language = (value: 'zh-CN' | 'en') => (i18n.global.locale.value = value)
beforeEach(() => {
  language('en')
  setBusinessZone('Asia/Shanghai')
})

describe('money', () => {
  it('comes in the smallest unit of its currency', () => {
    expect(money(123_456, 'CNY')).toBe('¥1,234.56')
    expect(money(123_456, 'JPY')).toBe('¥123,456')
    expect(money(-50, 'USD')).toBe('-$0.50')
    expect([currencyDigits('CNY'), currencyDigits('JPY'), currencyDigits('KWD')]).toEqual([2, 0, 3])
  })
})

describe('a period', () => {
  it('is a month by its words, or as it is counted', () => {
    expect([periodName('2026-10'), periodName('2026-W41'), periodName('2026'), periodName('')]).toEqual(['Oct 2026', '2026-W41', '2026', ''])
    language('zh-CN')
    expect(periodName('2026-10')).toBe('2026年10月')
  })
})

describe('an exact time', () => {
  it('ends with its zone in both languages', () => {
    expect(exact('2026-10-23T13:03:57Z')).toMatch(/^10\/23\/2026, 09:03:57\sPM GMT\+8$/)
    language('zh-CN')
    expect(exact('2026-10-23T13:03:57Z')).toBe('2026/10/23 21:03:57 GMT+8')
  })
})

describe('numbers', () => {
  it('show a sign for what came and went, none for nothing', () => {
    expect([signed(1200), signed(-3), signed(0)]).toEqual(['+1,200', '-3', '0'])
    expect(percent(0.1234)).toBe('12.3%')
  })

  it('are shortened only where they are long', () => {
    expect([compact(9_999), compact(12_345), compact(-2_800)]).toEqual(['9,999', '12.3K', '-2,800'])
    expect([0, 50, 192_370, 1_523_400].map((minor) => moneyCompact(minor, 'CNY'))).toEqual(['¥0', '¥0.5', '¥1,924', '¥15.2K'])
    expect(moneyWhole(1_823_456, 'CNY')).toBe('¥18,235')
  })
})

describe('time', () => {
  it('is on the clock of the programme', () => {
    // 16:30 UTC is half past midnight of the next day in Shanghai.
    expect(date('2026-03-01T16:30:00Z')).toBe('Mar 2, 2026')
    expect(isoDay('2026-03-01T16:30:00Z')).toBe('2026-03-02')
  })

  it('a day without a time stays that day in every zone', () => {
    setBusinessZone('America/Los_Angeles')
    expect(date('2026-03-01')).toBe('Mar 1, 2026')
  })

  it('that is typed is on that clock too, across its changes', () => {
    expect(fromBusiness('2026-03-01T00:30:00')).toBe('2026-02-28T16:30:00.000Z')
    setBusinessZone('America/Los_Angeles')
    expect(fromBusiness('2026-03-08T01:59:00')).toBe('2026-03-08T09:59:00.000Z')
    expect(fromBusiness('2026-03-08T03:00:00')).toBe('2026-03-08T10:00:00.000Z')
    expect(fromBusiness('2026-11-01T12:00:00')).toBe('2026-11-01T20:00:00.000Z')
  })
  it('is said in words', () => {
    const now = Date.parse('2026-03-10T00:00:00Z')
    expect(relative('2026-03-08T00:00:00Z', now)).toBe('2 days ago')
    expect(relative('2026-03-10T03:00:00Z', now)).toBe('in 3 hours')
    expect(duration(125)).toBe('2 min 5 sec')
    expect(duration(3)).toBe('3 sec')
    expect(relative('2026-03-09T23:59:58Z', now)).toBe('just now')
    language('zh-CN')
    expect(relative('2026-03-08T00:00:00Z', now)).toBe('前天')
  })
})

describe('addresses', () => {
  it('are filled and escaped; empty filters are left out', () => {
    expect(address('/m/{code}', { code: 'a/b' }, { q: '王 ', tier: '', type: ['order', 'refund'], limit: 0 })).toBe('/m/a%2Fb?q=%E7%8E%8B+&type=order&type=refund&limit=0')
  })
})

describe('CSV', () => {
  it('is quoted, and never run as a formula', async () => {
    const text = await csvBlob(['a,b', 'c'], [['=1+1', -2], ['say "hi"', null]]).text()
    expect(text.replace('\ufeff', '')).toBe('"a,b",c\r\n\'=1+1,-2\r\n"say ""hi""",\r\n')
  })
})

describe('problems', () => {
  it('give each field its first complaint', () => {
    const problem = new Problem({ status: 422, code: 'invalid_input', title: 'x', errors: [
      { field: 'name', code: 'a', message: 'first' }, { field: 'name', code: 'b', message: 'second' }, { field: 'lines[0].amount', code: 'c', message: 'third' },
    ] })
    expect(problem.fields).toEqual({ name: 'first', 'lines[0].amount': 'third' })
  })
})
