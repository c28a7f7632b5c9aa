import { watch } from 'vue'
import { api, type AnswerOf } from '@/api/client'
import { useMore, type More } from '@/components/useMore'

type Value = '/api/console/insight/value/members'
type Churn = '/api/console/insight/churn/members'
export type Row = AnswerOf<'get', Value>['items'][number]
interface Asked { path: Value | Churn; query: Record<string, string | number> }

/** Members by a score, the page's first ones again whenever what is asked changes; a slider is waited for. */
export function useScoreList(asked: () => Asked | undefined): More<Row> {
  let waiting: ReturnType<typeof setTimeout> | undefined
  const list = useMore<Row>((next, signal) => {
    const now = asked()
    if (!now) return undefined
    const query = { ...now.query, limit: 20, ...next } as never
    return now.path === '/api/console/insight/value/members' ? api.get(now.path, { query, signal }) : api.get(now.path, { query, signal })
  })
  watch(() => JSON.stringify(asked() ?? null), () => {
    clearTimeout(waiting)
    waiting = setTimeout(() => void list.load(), 150)
  }, { immediate: true })
  return list
}
