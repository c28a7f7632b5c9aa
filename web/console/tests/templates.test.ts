import { describe, expect, it } from 'vitest'
import { flat, nested, textOf, valueOf } from '@/pages/templates/own'
import { changesOf, contentsOf, fieldOf, filled, hasLine, worthSaying } from '@/pages/templates/template'

const problem = (field: string, code = 'required', line = 1) => ({ field, code, line, message: 'm' })

describe('what is wrong with a text', () => {
  it('is said of what she emptied or tried to save, not of what she has not come to', () => {
    const one = problem('contents.inbox.zh.body')
    expect(worthSaying(one, new Set(), false)).toBe(false)
    expect(worthSaying(one, new Set(['subject']), false)).toBe(false)
    expect(worthSaying(one, new Set(['body']), false)).toBe(true)
    expect(worthSaying(one, new Set(), true)).toBe(true)
    expect(worthSaying(problem('contents.inbox.zh.body', 'unknown_variable', 2), new Set(), false)).toBe(true)
  })
  it('has a line where there are many', () => {
    expect(hasLine(problem('contents.email.en.html', 'bad_template', 7))).toBe(true)
    expect(hasLine(problem('contents.email.en.subject', 'bad_template'))).toBe(false)
    expect(hasLine(problem('contents.email.en.html'))).toBe(false)
    expect(fieldOf('contents.sms.zh.data[0].value')).toBe('data')
    expect(fieldOf('body')).toBe('body')
  })
})

describe('two versions', () => {
  it('differ by field, by channel and by link, in the order of the form', () => {
    const before = { contents: contentsOf({ inbox: { zh: filled({ subject: '旧', body: '同' }), en: filled({ body: 'same' }) }, email: { zh: filled(), en: filled() } }), links: { main: '/a', gone: '/g' } }
    const after = { contents: contentsOf({ sms: { zh: filled(), en: filled() }, inbox: { zh: filled({ subject: '新', body: '同' }), en: filled({ body: 'same' }) } }), links: { main: '/b' } }
    expect(changesOf(before, before)).toEqual([])
    expect(changesOf(before, after)).toEqual([
      { kind: 'changed', channel: 'inbox', language: 'zh', field: 'subject', before: '旧', after: '新' },
      { kind: 'added', channel: 'sms', before: '', after: '' },
      { kind: 'dropped', channel: 'email', before: '', after: '' },
      { kind: 'changed', link: 'main', before: '/a', after: '/b' },
      { kind: 'changed', link: 'gone', before: '/g', after: '' },
    ])
    const named = contentsOf({ sms: { zh: filled({ data: [{ name: 'day', value: '{{ day }}' }] }), en: filled() } })
    expect(changesOf({ contents: contentsOf({ sms: { zh: filled(), en: filled() } }), links: {} }, { contents: named, links: {} })[0]?.after).toBe('day: {{ day }}')
  })
})

describe('own variables', () => {
  it('are rows, a part of a group each, and the same again', () => {
    const samples = { festival: '中秋节', coupon: { name: '礼券', ends_on: '2026-09-30' }, orders: 50, list: ['a'] }
    expect(flat(samples).map((one) => one.name)).toEqual(['festival', 'coupon.name', 'coupon.ends_on', 'orders', 'list'])
    expect(nested(flat(samples))).toEqual(samples)
    expect(nested([{ name: '', value: 'x' }, { name: 'a', value: 1 }])).toEqual({ a: 1 })
  })
  it('keep numbers numbers and codes codes', () => {
    expect(valueOf('51', 50)).toBe(51)
    expect(valueOf('012345', 50)).toBe('012345')
    expect(valueOf('135790', '135791')).toBe('135790')
    expect(valueOf('["a", 1]', '')).toEqual(['a', 1])
    expect(valueOf('[a', '')).toBe('[a')
    expect(textOf(['a'])).toBe('["a"]')
    expect(textOf(undefined)).toBe('')
  })
})
