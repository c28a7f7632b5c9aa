import { isoDay } from '@/format/time'

/** The wire form of the condition language, and what the builder needs to offer it. */
export type Wire = GroupAll | GroupAny | Negation | Compare | LineQuestion | StreakQuestion | WindowQuestion
export interface GroupAll { all: Wire[] }
export interface GroupAny { any: Wire[] }
export interface Negation { not: Wire }
export interface Compare { field: string; op: string; value?: unknown }
export interface LineQuestion { lines: string; of?: string; where?: Wire; op?: string; value?: unknown }
export interface StreakQuestion { streak: string; op: string; days: unknown }
export interface WindowQuestion { window: { days: number; activity: string }; agg: string; of?: string; op: string; value?: unknown }

export interface Choice { value: string; label: string }
export interface Field {
  key: string
  type: string
  scope: string
  label: string
  unit?: string | null
  choices: Choice[]
  /** What its values are codes of, whose names are the brand's. */
  codes?: string
}
export interface Grammar {
  fields: Field[]
  activities: Choice[]
  /** Type → the operators it takes. */
  ops: Record<string, string[]>
  /** Operator → the shape of its value. */
  kinds: Record<string, string>
  /** Operator → its words, as the server says them. */
  opLabels: Record<string, string>
  currency: string
}

export const quantifiers = ['any', 'all', 'none'] as const
export const lineAggregates = ['sum', 'count', 'count_distinct', 'max', 'min'] as const
export const windowAggregates = ['count', 'sum', 'avg', 'max', 'min'] as const
export const numberOps = ['gte', 'gt', 'lte', 'lt', 'eq', 'ne', 'between'] as const
const numbers = new Set(['int', 'money', 'decimal'])

export function isAll(node: Wire): node is GroupAll {
  return 'all' in node
}
export function isGroup(node: Wire): node is GroupAll | GroupAny {
  return 'all' in node || 'any' in node
}
export function isNot(node: Wire): node is Negation {
  return 'not' in node
}
export function isCompare(node: Wire): node is Compare {
  return 'field' in node
}
export function isLines(node: Wire): node is LineQuestion {
  return 'lines' in node
}
export function isStreak(node: Wire): node is StreakQuestion {
  return 'streak' in node
}
export function isWindow(node: Wire): node is WindowQuestion {
  return 'window' in node
}

export function partsOf(node: GroupAll | GroupAny): Wire[] {
  return 'all' in node ? node.all : node.any
}

/** The root as a group, so that there is always somewhere to add to. */
export function asGroup(node: Wire | null | undefined): GroupAll | GroupAny {
  if (!node || Object.keys(node).length === 0) return { all: [] }
  return isGroup(node) ? node : { all: [node] }
}

/** What goes on the wire: no empty groups, and null for "always". */
export function tidy(node: Wire | null): Wire | null {
  if (!node) return null
  if (isGroup(node)) {
    const parts = partsOf(node).map(tidy).filter((part): part is Wire => part !== null)
    if (parts.length === 0) return null
    return isAll(node) ? { all: parts } : { any: parts }
  }
  if (isNot(node)) {
    const part = tidy(node.not)
    return part ? { not: part } : null
  }
  if (isLines(node) && node.where !== undefined) {
    const where = tidy(node.where)
    const { where: _, ...rest } = node
    return where ? { ...rest, where } : rest
  }
  return node
}

export function fieldOf(grammar: Grammar, key: string | undefined): Field | undefined {
  return grammar.fields.find((field) => field.key === key)
}

export function isNumber(type: string): boolean {
  return numbers.has(type)
}

/** A value of the right shape to start from. */
export function startValue(kind: string, type: string, choices: readonly Choice[]): unknown {
  const one = type === 'bool' ? true : isNumber(type) ? (type === 'decimal' ? '1' : 0) : type === 'enum' ? (choices[0]?.value ?? '') : type.startsWith('date') ? isoDay(Date.now()) : ''
  switch (kind) {
    case 'none': return undefined
    case 'list': return []
    case 'range': return [one, one]
    case 'period': return { days: 30 }
    case 'months': return 'current'
    case 'month_days': return [1]
    case 'weekdays': return [6, 7]
    case 'times': return ['08:00', '10:00']
    case 'anniversary': return { before: 0, after: 0 }
    default: return one
  }
}

export function newCompare(grammar: Grammar, scopeIsLine: boolean): Compare {
  const field = grammar.fields.find((one) => (scopeIsLine ? one.key === 'line.category' : one.key === 'order.amount'))
    ?? grammar.fields.find((one) => (one.scope === 'line') === scopeIsLine)
  return compareFor(grammar, field)
}

export function compareFor(grammar: Grammar, field: Field | undefined, previous?: Compare): Compare {
  if (!field) return { field: '', op: 'eq', value: '' }
  const ops = grammar.ops[field.type] ?? ['eq']
  const preferred = isNumber(field.type) ? 'gte' : field.type === 'set' ? 'contains' : 'eq'
  const op = previous && ops.includes(previous.op) ? previous.op : ops.includes(preferred) ? preferred : ops[0]!
  return withValue({ field: field.key, op }, startValue(grammar.kinds[op] ?? 'one', field.type, field.choices))
}

export function withValue<T extends { op?: string }>(node: T, value: unknown): T {
  const { value: _, ...rest } = node as T & { value?: unknown }
  return (value === undefined ? rest : { ...rest, value }) as T
}
