import { ElMessage } from 'element-plus'
import { ref, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { asProblem, type Problem } from '@/api/problem'
import { problemText } from './problemText'

/**
 * Runs a write: one at a time, its refusal kept for the form (`fields`) and told once in a toast, unless its code is one
 * that the page shows in its own way. `false` means it was refused.
 */
export function useAct() {
  const busy = ref(false)
  const problem = shallowRef<Problem>()
  const fields = ref<Record<string, string>>({})
  const { t } = useI18n()

  async function run<T>(action: () => Promise<T>, done?: string, shown: readonly string[] = []): Promise<T | false> {
    if (busy.value) return false
    busy.value = true
    problem.value = undefined
    fields.value = {}
    try {
      const answer = await action()
      if (done) ElMessage.success({ message: done, grouping: true })
      return answer
    } catch (thrown) {
      problem.value = asProblem(thrown)
      fields.value = problem.value.fields
      if (!shown.includes(problem.value.code)) ElMessage.error({ message: problemText(problem.value, t), grouping: true, duration: 6000, showClose: true })
      return false
    } finally {
      busy.value = false
    }
  }
  return { busy, problem, fields, run }
}
