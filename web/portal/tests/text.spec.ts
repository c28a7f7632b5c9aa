import { describe, expect, it } from 'vitest'
import { i18n, speak } from '@/i18n'
import type { Language } from '@/api/types'
import { email, phone, shown } from '@/text/address'
import { count, day, daysUntil, grouped, moment, money, monthKey, signed } from '@/text/format'
import { sentence, type Words } from '@/text/progress'

const now = new Date('2026-02-10T04:00:00Z')

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

function words(language: Language): Words {
  speak(language)
  const t = i18n.global.t as unknown as Words['t']
  return { t: (k, v, n) => (n === undefined ? t(k, v) : t(k, v, n)), language, currency: 'CNY' }
}

describe('progress in a sentence', () => {
  const keep = { kind: 'keep', tier_name: '金卡', missing: 32000, metric: 'spend', metric_name: '', by: '2099-03-31' } as const
  it('keeps by a day', () => {
    expect(sentence(keep, words('zh-CN'))).toBe('2099年3月31日前再消费 ¥320，可保住金卡')
    expect(sentence({ ...keep, tier_name: 'Gold' }, words('en'))).toBe('¥320 more by 31 Mar 2099 keeps Gold')
  })
  it('reaches, in orders, singular and plural', () => {
    const reach = { kind: 'reach', tier_name: 'Gold', missing: 1, metric: 'orders', metric_name: '', by: null } as const
    expect(sentence(reach, words('en'))).toBe('1 order more takes you to Gold')
    expect(sentence({ ...reach, missing: 3 }, words('en'))).toBe('3 orders more takes you to Gold')
  })
  it('says when it is done', () => {
    expect(sentence({ ...keep, missing: 0 }, words('zh-CN'))).toBe('金卡已保住')
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
