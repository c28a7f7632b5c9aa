import { ref, watch } from 'vue'
import { api, type AnswerOf } from '@/api/client'
import { useAct } from '@/components/useAct'

type Value = '/api/console/insight/value/members'
type Churn = '/api/console/insight/churn/members'
export type Row = AnswerOf<'get', Value>['items'][number]
interface Asked { path: Value | Churn; query: Record<string, string | number> }

/** Members by a score, the page's first ones again whenever what is asked changes; a slider is waited for. */
export function useScoreList(asked: () => Asked | undefined) {
  const { busy, run } = useAct()
  const rows = ref<Row[]>([])
  const cursor = ref<string | null>(null)
  let waiting: ReturnType<typeof setTimeout> | undefined
  let latest = 0

  async function load(more: boolean): Promise<void> {
    const now = asked()
    if (!now) return
    const mine = ++latest
    const query = { ...now.query, limit: 20, ...(more && cursor.value ? { cursor: cursor.value } : {}) } as never
    const page = await run(() => (now.path === '/api/console/insight/value/members' ? api.get(now.path, { query }) : api.get(now.path, { query })))
    if (page === false || mine !== latest) return
    rows.value = more ? [...rows.value, ...page.items] : page.items
    cursor.value = page.next_cursor ?? null
  }
  watch(() => JSON.stringify(asked() ?? null), () => {
    clearTimeout(waiting)
    waiting = setTimeout(() => void load(false), 150)
  }, { immediate: true })
  return { rows, cursor, busy, load }
}
