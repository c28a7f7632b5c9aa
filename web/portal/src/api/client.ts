/** One way to talk to the portal's API: same origin, cookies, CSRF header on writes, problems as `Problem`. */
import type { FieldProblem } from './types'

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly errors: readonly FieldProblem[] = [],
    readonly data: Readonly<Record<string, unknown>> = {},
  ) {
    super(title)
  }

  /** What was said about one field, or "". */
  of(field: string): string {
    return this.errors.find((e) => e.field === field)?.message ?? ''
  }

  get offline(): boolean {
    return this.code === 'offline'
  }
}

export interface Surroundings {
  base: string
  language: () => string
  /** Called once when the session has ended while a page was open. */
  signedOut: () => void
}

let around: Surroundings = { base: '/api/portal/', language: () => 'zh-CN', signedOut: () => {} }

export function surround(given: Surroundings): void {
  around = given
}

function cookie(name: string): string {
  for (const pair of document.cookie.split('; ')) {
    const at = pair.indexOf('=')
    if (pair.slice(0, at) === name) return decodeURIComponent(pair.slice(at + 1))
  }
  return ''
}

const PATIENCE_MS = 20_000

export async function call<T>(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': around.language() }
  if (method !== 'GET') headers['X-CSRFToken'] = cookie('csrftoken')
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  const stop = new AbortController()
  const timer = window.setTimeout(() => stop.abort(), PATIENCE_MS)
  let response: Response
  try {
    response = await fetch(around.base + path, {
      method,
      headers,
      credentials: 'same-origin',
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: stop.signal,
    })
  } catch {
    throw new Problem(0, 'offline', '')
  } finally {
    window.clearTimeout(timer)
  }
  if (response.status === 204) return undefined as T
  let answer: unknown = null
  try {
    answer = await response.json()
  } catch {
    answer = null
  }
  if (response.ok) return answer as T
  const said = (answer ?? {}) as Partial<Problem> & { errors?: FieldProblem[]; data?: Record<string, unknown> }
  const problem = new Problem(response.status, said.code ?? `http_${response.status}`, said.title ?? '', said.errors, said.data)
  if (problem.code === 'signed_out') around.signedOut()
  throw problem
}
