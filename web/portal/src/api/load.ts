/** A page's one question: asked at once, asked again on request, its answer, its failure, and whether it is under way. */
import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { Problem } from './client'
import type { Paged } from './types'

export interface Load<T> {
  data: ShallowRef<T | null>
  problem: ShallowRef<Problem | null>
  loading: Ref<boolean>
  run: () => Promise<void>
}

export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem(0, 'unexpected', String(error))
}

export function useLoad<T>(ask: () => Promise<T>): Load<T> {
  const data = shallowRef<T | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const loading = ref(false)
  async function run(): Promise<void> {
    loading.value = true
    problem.value = null
    try {
      data.value = await ask()
    } catch (error) {
      problem.value = asProblem(error)
    } finally {
      loading.value = false
    }
  }
  void run()
  return { data, problem, loading, run }
}

export interface PagedLoad<T> {
  items: ShallowRef<T[]>
  problem: ShallowRef<Problem | null>
  loading: Ref<boolean>
  started: Ref<boolean>
  finished: Ref<boolean>
  more: () => Promise<void>
  restart: () => Promise<void>
}

/** A list read page by page with the server's cursor. */
export function usePaged<T>(ask: (cursor: string | null) => Promise<Paged<T>>): PagedLoad<T> {
  const items = shallowRef<T[]>([])
  const problem = shallowRef<Problem | null>(null)
  const loading = ref(false)
  const started = ref(false)
  const finished = ref(false)
  let cursor: string | null = null

  async function more(): Promise<void> {
    if (loading.value || finished.value) return
    loading.value = true
    problem.value = null
    try {
      const page = await ask(cursor)
      items.value = [...items.value, ...page.items]
      cursor = page.next_cursor ?? null
      finished.value = cursor === null
      started.value = true
    } catch (error) {
      problem.value = asProblem(error)
    } finally {
      loading.value = false
    }
  }

  async function restart(): Promise<void> {
    items.value = []
    cursor = null
    finished.value = false
    await more()
  }

  void more()
  return { items, problem, loading, started, finished, more, restart }
}
