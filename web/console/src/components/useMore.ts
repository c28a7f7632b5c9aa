import { ElMessage } from 'element-plus'
import { onScopeDispose, ref, shallowRef, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { asProblem, type Problem } from '@/api/problem'
import { problemText } from './problemText'

interface Page<Row> { items: Row[]; next_cursor?: string | null | undefined }
export interface More<Row> {
  rows: Ref<Row[]>
  cursor: Ref<string | null>
  busy: Ref<boolean>
  problem: Ref<Problem | undefined>
  load: (more?: boolean) => Promise<void>
}

/**
 * A list that grows by "more". Whatever is asked last wins: a question asked while another is under way takes its place,
 * so that what is shown is what the page says is asked. What went wrong is kept, and told once unless the page `shows` it.
 */
export function useMore<Row>(ask: (next: { cursor?: string }, signal: AbortSignal) => Promise<Page<Row>> | undefined, shows: (more: boolean) => boolean = () => false): More<Row> {
  const rows = ref<Row[]>([]) as Ref<Row[]>
  const cursor = ref<string | null>(null)
  const busy = ref(false)
  const problem = shallowRef<Problem>()
  const { t } = useI18n()
  let controller: AbortController | undefined

  async function load(more = false): Promise<void> {
    controller?.abort()
    const mine = new AbortController()
    controller = mine
    const asked = ask(more && cursor.value ? { cursor: cursor.value } : {}, mine.signal)
    if (!asked) return
    busy.value = true
    problem.value = undefined
    try {
      const page = await asked
      if (mine.signal.aborted) return
      rows.value = more ? [...rows.value, ...page.items] : page.items
      cursor.value = page.next_cursor ?? null
    } catch (thrown) {
      if (mine.signal.aborted) return
      problem.value = asProblem(thrown)
      if (!shows(more)) ElMessage.error({ message: problemText(problem.value, t), grouping: true, duration: 6000, showClose: true })
    }
    busy.value = false
  }
  onScopeDispose(() => controller?.abort())
  return { rows, cursor, busy, problem, load }
}
