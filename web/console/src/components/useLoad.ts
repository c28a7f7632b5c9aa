import { onScopeDispose, ref, shallowRef, watch, type Ref, type WatchSource } from 'vue'
import { asProblem, type Problem } from '@/api/problem'

export interface Loading<T> {
  data: Ref<T | undefined>
  problem: Ref<Problem | undefined>
  busy: Ref<boolean>
  loadedAt: Ref<number | undefined>
  reload: () => Promise<void>
}

/**
 * Loads, and loads again whenever `sources` change; the last question asked wins. What was shown stays while the next
 * answer is on its way, and stays (with its age) if it fails.
 */
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>, sources: WatchSource[] = [], every?: () => number): Loading<T> {
  const data = shallowRef<T>()
  const problem = shallowRef<Problem>()
  const busy = ref(true)
  const loadedAt = ref<number>()
  let controller: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  async function reload(): Promise<void> {
    controller?.abort()
    clearTimeout(timer)
    const mine = new AbortController()
    controller = mine
    busy.value = true
    try {
      const answer = await load(mine.signal)
      if (mine.signal.aborted) return
      data.value = answer
      problem.value = undefined
      loadedAt.value = Date.now()
    } catch (thrown) {
      if (mine.signal.aborted) return
      problem.value = asProblem(thrown)
    }
    busy.value = false
    const wait = every?.() ?? 0
    if (wait > 0) timer = setTimeout(() => void reload(), wait)
  }

  if (sources.length > 0) watch(sources, () => void reload())
  void reload()
  onScopeDispose(() => {
    controller?.abort()
    clearTimeout(timer)
  })
  return { data: data as Ref<T | undefined>, problem, busy, loadedAt, reload }
}
