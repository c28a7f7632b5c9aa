import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { effectScope, nextTick } from 'vue'
import { useSentences } from '@/pages/programme/useSentences'
import { useProgramme, type Version } from '@/stores/programme'

/** The server answers when it is told to; an aborted request fails as a browser's does. */
let answer: (() => void) | undefined

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined })
  vi.stubGlobal('document', { cookie: '', documentElement: { lang: '', classList: { toggle: () => undefined }, dataset: {} } })
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined }))
  setActivePinia(createPinia())
  vi.stubGlobal('fetch', (_: string, init: RequestInit) => new Promise((resolve, reject) => {
    init.signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')))
    answer = () => resolve(new Response(JSON.stringify({ errors: [{ field: 'rules[0].effects[0].amount', code: 'range', message: 'wrong' }], sentences: [] }), { headers: { 'Content-Type': 'application/json' } }))
  }))
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function edited() {
  const programme = useProgramme()
  programme.take({ number: 1, revision: 1, state: 'draft', definition: { rules: [] }, sentences: [{ key: 'a', zh: '甲', en: 'A' }] } as unknown as Version)
  const scope = effectScope()
  const asked = scope.run(() => useSentences())!
  programme.definition = { ...programme.definition, rules: [...(programme.definition.rules ?? []), {}] } as unknown as typeof programme.definition
  return { programme, asked, scope }
}

test('what is wrong is shown', async () => {
  const { asked, scope } = edited()
  await nextTick()
  await vi.advanceTimersByTimeAsync(400)
  answer!()
  await vi.advanceTimersByTimeAsync(1)
  expect(asked.errors.value).toEqual({ 'rules[0].effects[0].amount': 'wrong' })
  scope.stop()
})

test('an answer that comes after the changes were discarded is not shown', async () => {
  const { programme, asked, scope } = edited()
  await nextTick()
  await vi.advanceTimersByTimeAsync(400)
  programme.discard()
  await nextTick()
  answer!()
  await vi.advanceTimersByTimeAsync(1)
  expect(asked.errors.value).toEqual({})
  expect(asked.busy.value).toBe(false)
  scope.stop()
})

test('nothing is asked of changes that were discarded', async () => {
  answer = undefined
  const { programme, scope } = edited()
  await nextTick()
  programme.discard()
  await nextTick()
  await vi.advanceTimersByTimeAsync(1000)
  expect(answer).toBeUndefined()
  scope.stop()
})
