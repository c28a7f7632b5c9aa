/** An RFC 9457 problem as the server sends it, or one made here when there was no answer to read. */
export interface FieldProblem {
  field: string
  code: string
  message: string
}

export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly errors: readonly FieldProblem[]
  readonly data: Readonly<Record<string, unknown>>
  readonly requestId: string

  constructor(init: {
    status: number
    code: string
    title: string
    detail?: string
    errors?: readonly FieldProblem[]
    data?: Record<string, unknown>
    requestId?: string
  }) {
    super(`${init.code}: ${init.title}`)
    this.name = 'Problem'
    this.status = init.status
    this.code = init.code
    this.title = init.title
    this.detail = init.detail ?? ''
    this.errors = init.errors ?? []
    this.data = init.data ?? {}
    this.requestId = init.requestId ?? ''
  }

  /** Field → message, for the fields of a form. The first complaint of a field wins. */
  get fields(): Record<string, string> {
    const found: Record<string, string> = {}
    for (const error of this.errors) found[error.field] ??= error.message
    return found
  }

  get offline(): boolean {
    return this.status === 0
  }
}

export async function problemOf(response: Response): Promise<Problem> {
  const requestId = response.headers.get('X-Request-Id') ?? ''
  const type = response.headers.get('Content-Type') ?? ''
  if (type.includes('json')) {
    try {
      const body = (await response.json()) as Record<string, unknown>
      return new Problem({
        status: response.status,
        code: String(body['code'] ?? `http_${response.status}`),
        title: String(body['title'] ?? response.statusText),
        detail: String(body['detail'] ?? ''),
        errors: Array.isArray(body['errors']) ? (body['errors'] as FieldProblem[]) : [],
        data: (body['data'] ?? {}) as Record<string, unknown>,
        requestId,
      })
    } catch {
      // the body was cut off: fall through to what the status says
    }
  }
  return new Problem({ status: response.status, code: `http_${response.status}`, title: '', requestId })
}

/** Whatever was thrown, as a problem: pages need to show only this one kind. */
export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown
  return new Problem({ status: -1, code: 'console_error', title: '', detail: thrown instanceof Error ? thrown.message : '' })
}
