import { currentLocale } from '@/format/locale'
import { Problem, problemOf } from './problem'
import type { paths } from './schema'

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

type PathWith<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, infer Operation> ? (Operation extends undefined ? never : P) : never
}[keyof paths]

type OperationOf<M extends Method, P extends keyof paths> = paths[P] extends Record<M, infer Operation> ? Operation : never

type Parameters<Operation, Place extends string> = Operation extends { parameters: infer Given }
  ? Place extends keyof Given
    ? NonNullable<Given[Place]>
    : unknown
  : unknown

type BodyOf<Operation> = Operation extends { requestBody: { content: { 'application/json': infer Body } } }
  ? { body: Body }
  : { body?: undefined }

type JsonOf<Answer> = Answer extends { content: { 'application/json': infer Json } } ? Json : undefined

export type AnswerOf<M extends Method, P extends keyof paths> =
  OperationOf<M, P> extends { responses: infer Answers }
    ? { [Status in keyof Answers]: Status extends 200 | 201 | 202 | 204 ? JsonOf<Answers[Status]> : never }[keyof Answers]
    : never

type Init<Operation> = BodyOf<Operation> & {
  path?: Parameters<Operation, 'path'>
  query?: Parameters<Operation, 'query'>
  signal?: AbortSignal
  headers?: Record<string, string>
}

let brandSlug = ''
let onSignedOut: () => void = () => undefined

/** The brand every call is made for; the address bar holds it, so that two tabs can show two brands. */
export function useBrand(slug: string): void {
  brandSlug = slug
}

export function whenSignedOut(run: () => void): void {
  onSignedOut = run
}

export function cookie(name: string): string {
  const found = document.cookie.split('; ').find((part) => part.startsWith(`${name}=`))
  return found ? decodeURIComponent(found.slice(name.length + 1)) : ''
}

export function address(path: string, params: Record<string, unknown> = {}, query: Record<string, unknown> = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name] ?? '')))
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null || value === '') continue
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one))
  }
  const tail = search.toString()
  return tail ? `${filled}?${tail}` : filled
}

export function headers(method: string): Record<string, string> {
  const sent: Record<string, string> = { Accept: 'application/json', 'Accept-Language': currentLocale() }
  if (brandSlug) sent['X-Regulars-Brand'] = brandSlug
  if (method !== 'GET') sent['X-CSRFToken'] = cookie('csrftoken')
  return sent
}

async function send(method: string, url: string, body: unknown, signal: AbortSignal | undefined, extra: Record<string, string>) {
  const sent = { ...headers(method), ...extra }
  let payload: BodyInit | undefined
  if (body instanceof FormData || body instanceof Blob) payload = body
  else if (body !== undefined) {
    payload = JSON.stringify(body)
    sent['Content-Type'] = 'application/json'
  }
  let response: Response
  try {
    response = await fetch(url, {
      method, headers: sent, credentials: 'same-origin',
      ...(payload === undefined ? {} : { body: payload }), ...(signal ? { signal } : {}),
    })
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === 'AbortError') throw thrown
    throw new Problem({ status: 0, code: 'no_connection', title: '' })
  }
  if (!response.ok) {
    const problem = await problemOf(response)
    if (problem.status === 401 && !url.endsWith('/session')) onSignedOut()
    throw problem
  }
  return response
}

async function call<M extends Method, P extends PathWith<M>>(
  method: M, path: P, init: Init<OperationOf<M, P>>,
): Promise<AnswerOf<M, P>> {
  const url = address(path as string, init.path as Record<string, unknown>, init.query as Record<string, unknown>)
  const response = await send(method.toUpperCase(), url, init.body, init.signal, init.headers ?? {})
  if (response.status === 204) return undefined as AnswerOf<M, P>
  return (await response.json()) as AnswerOf<M, P>
}

type Optional<T> = Record<never, never> extends T ? [init?: T] : [init: T]

export const api = {
  get: <P extends PathWith<'get'>>(path: P, ...[init]: Optional<Init<OperationOf<'get', P>>>) =>
    call('get', path, (init ?? {}) as Init<OperationOf<'get', P>>),
  post: <P extends PathWith<'post'>>(path: P, ...[init]: Optional<Init<OperationOf<'post', P>>>) =>
    call('post', path, (init ?? {}) as Init<OperationOf<'post', P>>),
  put: <P extends PathWith<'put'>>(path: P, ...[init]: Optional<Init<OperationOf<'put', P>>>) =>
    call('put', path, (init ?? {}) as Init<OperationOf<'put', P>>),
  patch: <P extends PathWith<'patch'>>(path: P, ...[init]: Optional<Init<OperationOf<'patch', P>>>) =>
    call('patch', path, (init ?? {}) as Init<OperationOf<'patch', P>>),
  delete: <P extends PathWith<'delete'>>(path: P, ...[init]: Optional<Init<OperationOf<'delete', P>>>) =>
    call('delete', path, (init ?? {}) as Init<OperationOf<'delete', P>>),
}

/** Sends a file as it is; the name and the rest travel as query parameters. */
export async function upload(url: string, form: FormData, progress: (ratio: number) => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', url)
    for (const [name, value] of Object.entries(headers('POST'))) request.setRequestHeader(name, value)
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total)
    request.onerror = () => reject(new Problem({ status: 0, code: 'no_connection', title: '' }))
    request.onload = async () => {
      const type = request.getResponseHeader('Content-Type') ?? ''
      const response = new Response(request.response as string, { status: request.status, headers: { 'Content-Type': type } })
      if (response.ok) resolve(await response.json())
      else reject(await problemOf(response))
    }
    request.send(form)
  })
}

/** The first word of the last line of a text file that broke off on its way (`surfaces/console/sheets.py`). */
const INCOMPLETE = '!REGULARS-INCOMPLETE'

/** The file that was answered, under its own name; half a file is none. */
async function keep(response: Response, fallbackName: string): Promise<void> {
  let blob: Blob
  try {
    blob = await response.blob()
  } catch {
    throw new Problem({ status: 0, code: 'no_connection', title: '' })
  }
  if ((await blob.slice(-400).text()).includes(INCOMPLETE)) throw new Problem({ status: 500, code: 'file_incomplete', title: '' })
  const name = /filename\*?=(?:UTF-8'')?"?([^";]+)/i.exec(response.headers.get('Content-Disposition') ?? '')?.[1]
  saveBlob(blob, name ? decodeURIComponent(name) : fallbackName)
}

/** Fetches a file the server makes and hands it to the browser under its own name. */
export async function download(url: string, fallbackName: string): Promise<void> {
  await keep(await send('GET', url, undefined, undefined, { Accept: '*/*' }), fallbackName)
}

/** A picture that only this brand's staff may see, as an address for `<img>`; revoke it when done. */
export async function pictureUrl(url: string): Promise<string> {
  const response = await send('GET', url, undefined, undefined, { Accept: 'image/*' })
  return URL.createObjectURL(await response.blob())
}

/** Posts, and hands the file that is answered to the browser. */
export async function downloadByPost(url: string, body: unknown, fallbackName: string): Promise<void> {
  await keep(await send('POST', url, body, undefined, { Accept: '*/*' }), fallbackName)
}

export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
