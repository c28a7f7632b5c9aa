import type { Grammar } from './grammar'

interface ServerSchema {
  currency: string
  fields: Grammar['fields']
  types: Record<string, { op: string; label: string; value: string }[]>
  windows?: { activities: Grammar['activities'] }
}

/** What the builder needs, out of the schema of conditions as the server says it; nothing where it has none. */
export function grammarOf(given: Record<string, unknown> | undefined): Grammar | undefined {
  const raw = given as unknown as ServerSchema | undefined
  if (!raw?.types) return undefined
  const all = Object.values(raw.types).flat()
  return {
    fields: raw.fields, activities: raw.windows?.activities ?? [], currency: raw.currency,
    ops: Object.fromEntries(Object.entries(raw.types).map(([type, ops]) => [type, ops.map((one) => one.op)])),
    kinds: Object.fromEntries(all.map((one) => [one.op, one.value])),
    opLabels: Object.fromEntries(all.map((one) => [one.op, one.label])),
  }
}
