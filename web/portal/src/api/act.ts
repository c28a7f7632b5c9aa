/** Something the reader does: once at a time, its failure told in the server's words. */
import { showFailToast, showSuccessToast } from 'vant'
import { ref, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { asProblem } from './load'

export interface Act {
  busy: Ref<boolean>
  run: <T>(what: () => Promise<T>, done?: string) => Promise<T | undefined>
}

export function useAct(): Act {
  const { t } = useI18n()
  const busy = ref(false)
  async function run<T>(what: () => Promise<T>, done?: string): Promise<T | undefined> {
    if (busy.value) return undefined
    busy.value = true
    try {
      const answer = await what()
      if (done) showSuccessToast(done)
      return answer
    } catch (error) {
      const problem = asProblem(error)
      const said = problem.errors[0]?.message ?? problem.title
      showFailToast(problem.offline ? t('state.offline') : said || t('state.failed'))
      return undefined
    } finally {
      busy.value = false
    }
  }
  return { busy, run }
}
