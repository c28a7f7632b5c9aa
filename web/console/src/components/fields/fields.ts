/** A definition under edit: what the server reads, field by field. */
export type Definition = Record<string, unknown>
export interface FieldChoice { value: string | number; label: string }

interface Base {
  /** Where the value stands in the definition: `price.points`. */
  readonly path: string
  readonly label: string
  readonly hint?: string
  /** What a value that is not there means; it is not written. */
  readonly fallback?: unknown
  readonly when?: (definition: Definition) => boolean
  readonly fixed?: boolean
  /** Clearing the field takes this out too: a limit without a count is no limit. */
  readonly clears?: string
  readonly wide?: boolean
}

export type Field =
  | (Base & { readonly kind: 'head' | 'text' | 'area' | 'names' | 'texts' | 'money' | 'flag' | 'day' | 'instant' | 'time' | 'tags' | 'numbers' })
  | (Base & { readonly kind: 'number'; readonly min?: number; readonly max?: number; readonly step?: number })
  | (Base & { readonly kind: 'choice' | 'choices'; readonly choices: readonly FieldChoice[]; readonly clearable?: boolean; readonly free?: boolean; /** Many, or known by name and key: typed to be found. */ readonly search?: boolean })
  | (Base & { readonly kind: 'rows'; readonly fields: readonly Field[]; readonly add: string; readonly fresh: () => Definition })

export function at(definition: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => (value && typeof value === 'object' ? (value as Definition)[name] : undefined), definition)
}

/** A copy with `value` at `path`; `undefined` takes it out, and what then is empty above it. */
export function withAt(definition: Definition, path: string, value: unknown): Definition {
  const [name, ...rest] = path.split('.') as [string, ...string[]]
  const copy = { ...definition }
  let next = value
  if (rest.length > 0) {
    const inner = withAt((copy[name] as Definition | undefined) ?? {}, rest.join('.'), value)
    next = Object.keys(inner).length > 0 ? inner : undefined
  }
  if (next === undefined) delete copy[name]
  else copy[name] = next
  return copy
}

/** The server's complaints about `rows[2].pay` as those of a row's own fields. */
export function within(errors: Readonly<Record<string, string>>, path: string, index: number): Record<string, string> {
  const start = `${path}[${index}]`
  const found: Record<string, string> = {}
  for (const [field, message] of Object.entries(errors)) if (field.startsWith(start)) found[field.slice(start.length).replace(/^\./, '')] = message
  return found
}

/** The first complaint about a field or what is below it. */
export function wrong(errors: Readonly<Record<string, string>>, path: string): string {
  if (errors[path]) return errors[path]
  const below = Object.entries(errors).find(([field]) => field.startsWith(`${path}[`) || field.startsWith(`${path}.`))
  return below?.[1] ?? ''
}

/** One thing that is done by filling in a short form. */
export interface Act {
  readonly title: string
  readonly text?: string
  readonly confirm?: string
  readonly done: string
  readonly start: Definition
  readonly fields: (definition: Definition) => readonly Field[]
  /** Fields that must be filled before it can be sent. */
  readonly needs?: readonly string[]
  readonly send: (definition: Definition, key: string) => Promise<unknown>
}
