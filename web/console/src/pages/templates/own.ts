/** A template's own variables as rows of a form: what has parts is a row for each part, `coupon.name`. */
export interface Sample { name: string; value: unknown }

const isGroup = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === 'object' && !Array.isArray(value)

export function flat(samples: Record<string, unknown>): Sample[] {
  return Object.entries(samples).flatMap(([name, value]) =>
    isGroup(value) && Object.keys(value).length > 0 ? Object.entries(value).map(([part, one]) => ({ name: `${name}.${part}`, value: one })) : [{ name, value }])
}

export function nested(rows: readonly Sample[]): Record<string, unknown> {
  const made: Record<string, unknown> = {}
  for (const { name, value } of rows) {
    const at = name.indexOf('.')
    const root = at > 0 ? name.slice(0, at) : name
    if (!root) continue
    if (at > 0) made[root] = { ...(isGroup(made[root]) ? made[root] : {}), [name.slice(at + 1)]: value }
    else made[root] = value
  }
  return made
}

/** What was typed: a number stays one, a list or a deeper group is read as JSON, everything else is text. */
export function valueOf(text: string, before: unknown): unknown {
  const trimmed = text.trim()
  if (/^[[{]/.test(trimmed)) {
    try {
      return JSON.parse(trimmed) as unknown
    } catch {
      return text
    }
  }
  if (typeof before !== 'string' && /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,6})?$/.test(trimmed)) return Number(trimmed)
  return text
}

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : value === null || value === undefined ? '' : JSON.stringify(value))
