export interface Column {
  readonly key: string
  readonly label: string
  readonly align?: 'right'
  readonly width?: string
  /** Not shown until chosen. */
  readonly extra?: boolean
  /** Always shown. */
  readonly fixed?: boolean
}

export interface Choice {
  readonly value: string
  readonly label: string
}

interface Base {
  readonly label: string
}

/** `key`, `from` and `to` are names of query parameters, in the address bar and for the server alike. */
export type Filter =
  | (Base & { readonly kind: 'text'; readonly key: string; readonly placeholder?: string })
  | (Base & { readonly kind: 'choice'; readonly key: string; readonly choices: readonly Choice[] })
  | (Base & { readonly kind: 'days'; readonly from: string; readonly to: string })
  | (Base & { readonly kind: 'range'; readonly from: string; readonly to: string; readonly currency?: string })

export function keysOf(filter: Filter): string[] {
  return 'key' in filter ? [filter.key] : [filter.from, filter.to]
}

export type Query = Record<string, string>

/** What a list asks for: a page, and its filters under their own names (the server's schema says of which type). */
export interface ListQuery {
  cursor?: string
  limit: number
  [key: string]: any
}

export interface ListPage<Row> {
  items: Row[]
  next_cursor?: string | null
}

export interface SavedView {
  name: string
  query: Query
}
