import { describe, expect, it } from 'vitest'
import { asGroup, compareFor, startValue, tidy, type Field, type Grammar, type Wire } from '@/components/conditions/grammar'
import { freeKey, put } from '@/pages/programme/definition'

const amount: Field = { key: 'order.amount', type: 'money', scope: 'activity', label: 'amount', choices: [] }
const tags: Field = { key: 'membership.tags', type: 'set', scope: 'membership', label: 'tags', choices: [{ value: 'vip', label: 'VIP' }] }
const grammar: Grammar = {
  fields: [amount, tags], activities: [], currency: 'CNY', ops: { money: ['eq', 'gte', 'between'], set: ['contains', 'contains_any'] },
  kinds: { eq: 'one', gte: 'one', between: 'range', contains: 'one', contains_any: 'list' }, opLabels: {},
}

describe('a condition on the wire', () => {
  it('has no empty groups; nothing at all means always', () => {
    const drawn: Wire = { all: [{ any: [] }, { not: { all: [] } }, { field: 'order.amount', op: 'gte', value: 100 }] }
    expect(tidy(drawn)).toEqual({ all: [{ field: 'order.amount', op: 'gte', value: 100 }] })
    expect(tidy({ all: [] })).toBeNull()
    expect(tidy({ lines: 'sum', of: 'line.amount', where: { all: [] }, op: 'gte', value: 1 })).toEqual({ lines: 'sum', of: 'line.amount', op: 'gte', value: 1 })
  })

  it('is edited as a group', () => {
    expect(asGroup(undefined)).toEqual({ all: [] })
    expect(asGroup({ field: 'a.b', op: 'eq', value: 1 })).toEqual({ all: [{ field: 'a.b', op: 'eq', value: 1 }] })
    expect(asGroup({ any: [] })).toEqual({ any: [] })
  })
})

describe('choosing a field', () => {
  it('keeps the comparison where the new field takes it, and starts with a value of the right shape', () => {
    expect(compareFor(grammar, amount, { field: 'x.y', op: 'between' })).toEqual({ field: 'order.amount', op: 'between', value: [0, 0] })
    expect(compareFor(grammar, tags, { field: 'order.amount', op: 'gte' })).toEqual({ field: 'membership.tags', op: 'contains', value: '' })
    expect(startValue('months', 'date', [])).toBe('current')
    expect(startValue('none', 'text', [])).toBeUndefined()
  })
})

describe('a definition', () => {
  it('leaves defaults out, so that an untouched rule stays as it was', () => {
    expect(put({ key: 'a', priority: 5 }, 'priority', 0, 0)).toEqual({ key: 'a' })
    expect(put<{ key: string; caps?: string[] }, 'caps'>({ key: 'a' }, 'caps', [])).toEqual({ key: 'a' })
  })

  it('gives a new rule a key that is free', () => {
    expect(freeKey('rule', ['rule', 'rule-2'])).toBe('rule-3')
  })
})
