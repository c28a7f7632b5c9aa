import { describe, expect, it } from 'vitest'
import { email, phone, shown } from '@/text/address'
import { count, day, daysUntil, grouped, moment, money, monthKey, signed, until } from '@/text/format'
import { piecesOf } from '@/text/links'
import { figure, share } from '@/text/progress'

const now = new Date('2026-02-10T04:00:00Z')

describe('addresses in a text', () => {
  it('are links, without the marks around them', () => {
    expect(piecesOf('点此：https://a.example/s/Ab3，谢谢')).toEqual([{ text: '点此：' }, { text: 'https://a.example/s/Ab3', href: 'https://a.example/s/Ab3' }, { text: '，谢谢' }])
    expect(piecesOf('See http://a.example/?q=1&r=2.\nBye')).toEqual([{ text: 'See ' }, { text: 'http://a.example/?q=1&r=2', href: 'http://a.example/?q=1&r=2' }, { text: '.\nBye' }])
    expect(piecesOf('(https://a.example/x)').map((one) => one.text)).toEqual(['(', 'https://a.example/x', ')'])
  })
  it('leave everything else as it is', () => {
    for (const plain of ['', '您好', 'javascript:alert(1)', 'ftp://a.example', 'http://']) expect(piecesOf(plain).some((one) => one.href)).toBe(false)
    expect(piecesOf('您好\n再见')).toEqual([{ text: '您好\n再见' }])
  })
})

describe('figures and dates', () => {
  it('groups thousands and keeps a real minus', () => {
    expect(count(1234567, 'en')).toBe('1,234,567')
    expect(signed(-45, 'zh-CN')).toBe('−45')
    expect(signed(120, 'zh-CN')).toBe('+120')
  })
  it('writes money from minor units', () => {
    expect(money(32000, 'CNY', 'zh-CN')).toBe('¥320')
    expect(money(32005, 'CNY', 'zh-CN')).toBe('¥320.05')
    expect(money(-1250, 'USD', 'en')).toBe('-$12.50')
    expect(money(500, 'JPY', 'en')).toBe('¥500')
  })
  it('writes days without moving them across zones', () => {
    expect(day('2026-03-31', 'en', now)).toBe('31 Mar')
    expect(day('2026-03-31', 'zh-CN', now)).toBe('3月31日')
    expect(day('2027-03-31', 'zh-CN', now)).toBe('2027年3月31日')
  })
  it('shows instants on the programme clock: 17:30 UTC is past midnight in Shanghai', () => {
    expect(moment('2026-01-31T17:30:00Z', 'Asia/Shanghai', 'en', now)).toMatch(/^1 Feb.*01:30$/)
    expect(monthKey('2026-01-31T17:30:00Z', 'Asia/Shanghai')).toBe('2026-02')
  })
  it('counts days on the programme clock', () => {
    // 04:00 UTC on the 10th is noon of the 10th in Shanghai
    expect(daysUntil('2026-02-12', 'Asia/Shanghai', now)).toBe(2)
    expect(daysUntil('2026-02-10', 'Asia/Shanghai', now)).toBe(0)
    expect(daysUntil('2026-02-01', 'Asia/Shanghai', now)).toBe(0)
  })
  it('groups codes as they are read aloud', () => {
    expect(grouped('AB12CD34EF')).toBe('AB12 CD34 EF')
  })
})

describe('the figures of a tier', () => {
  it('are money for what is spent and numbers for the rest', () => {
    expect(figure(68_000, { metric: 'spend' }, 'CNY', 'zh-CN')).toBe('¥680')
    expect(figure(3, { metric: 'count' }, 'CNY', 'en')).toBe('3')
  })
  it('never run past the end', () => {
    expect(share({ have: 50, target: 200 })).toBe(25)
    expect(share({ have: 300, target: 200 })).toBe(100)
    expect(share({ have: -5, target: 200 })).toBe(0)
    expect(share({ have: 0, target: 0 })).toBe(100)
  })
})

describe('addresses', () => {
  it('forgives the ways people type', () => {
    expect(phone(' 138 0013-8000 ')).toBe('13800138000')
    expect(phone('＋86 138 0013 8000')).toBe('+8613800138000')
    expect(phone('0086 13800138000')).toBe('+8613800138000')
    expect(phone('12345')).toBeNull()
    expect(phone('call me')).toBeNull()
    expect(email(' a.b@example.org ')).toBe('a.b@example.org')
    expect(email('a@b')).toBeNull()
  })
  it('shows enough to be recognised', () => {
    expect(shown('13800138000')).toBe('138****8000')
    expect(shown('anna@example.org')).toBe('an***@example.org')
  })
})

describe('until', () => {
  it('names the last day of what ends at midnight, and the minute of what does not', () => {
    const now = new Date('2026-11-01T00:00:00Z')
    expect(until('2026-12-22T16:00:00Z', 'Asia/Shanghai', 'zh-CN', now)).toBe('12月22日')
    expect(until('2026-12-22T16:00:00Z', 'Asia/Shanghai', 'en', now)).toBe('22 Dec')
    expect(until('2026-12-22T10:30:00Z', 'Asia/Shanghai', 'en', now)).toContain('18:30')
  })
})
