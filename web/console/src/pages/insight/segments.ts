import { ElMessage } from 'element-plus'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { api } from '@/api/client'
import { ask } from '@/components/ask'
import type { useAct } from '@/components/useAct'
import { useSession } from '@/stores/session'

const STAGES: Record<string, { zh: string; en: string }> = {
  prospect: { zh: '潜客', en: 'prospect' }, new: { zh: '新客', en: 'new' }, growing: { zh: '成长', en: 'growing' }, mature: { zh: '成熟', en: 'mature' },
  slipping: { zh: '滑落', en: 'slipping' }, dormant: { zh: '沉睡', en: 'dormant' }, lost: { zh: '流失', en: 'lost' }, won_back: { zh: '召回', en: 'won back' },
}

/** A segment carries its name in both languages, whoever makes it. */
export function stageSegment(stage: string): { zh: string; en: string } {
  const name = STAGES[stage] ?? { zh: stage, en: stage }
  return { zh: `生命周期：${name.zh}`, en: `Lifecycle: ${name.en}` }
}

/** Makes a refreshed segment of a condition, after one question, and goes there; made before, it is shown. */
export function useSegment(act: ReturnType<typeof useAct>) {
  const { t } = useI18n()
  const router = useRouter()
  const session = useSession()
  return async (code: string, name: { zh: string; en: string }, shown: string, definition: Record<string, unknown>): Promise<boolean> => {
    if (!(await ask(t('lifecycle.makeSegment'), t('lifecycle.segmentAsk', { name: shown }), t('lifecycle.makeSegment'), t('action.cancel'), false))) return false
    const done = await act.run(() => api.post('/api/console/segments', { body: { code, name, kind: 'refreshed', definition } as never }), t('lifecycle.segmentMade', { name: shown }), ['code_taken'])
    const there = done === false && act.problem.value?.code === 'code_taken'
    if (there) ElMessage.info({ message: t('lifecycle.segmentThere'), grouping: true })
    if (done !== false || there) await router.push({ name: 'segment', params: { brand: session.slug, code } })
    return done !== false
  }
}
