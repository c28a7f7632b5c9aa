import { ElMessage } from 'element-plus'
import { ref, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { asProblem, type Problem } from '@/api/problem'
import { missing } from './missing'
import { problemText } from './problemText'

const DRAWN = 200 // ms until a form has drawn its complaints (Element Plus waits 100 by itself)

/** Whether the page says all of this; toasts do not count. */
function isShown(messages: readonly string[]): boolean {
  const said = [...document.querySelectorAll('.el-form-item__error, .bad, .wrong')].map((one) => one.textContent ?? '').join('\n')
  return messages.every((message) => said.includes(message))
}

/**
 * Runs a write: one at a time, its refusal kept for the form (`fields`) and told once in a toast, unless its code is one
 * that the page shows in its own way. `false` means it was refused.
 */
export function useAct() {
  const busy = ref(false)
  const problem = shallowRef<Problem>()
  const fields = ref<Record<string, string>>({})
  const { t } = useI18n()

  /** Where the form shows each complaint at its field, the toast only leads there. */
  async function tell(told: Problem): Promise<void> {
    await new Promise((done) => { setTimeout(done, DRAWN) })
    const messages = Object.values(told.fields)
    const marked = messages.length > 0 && isShown(messages)
    if (marked) document.querySelector('.el-form-item.is-error')?.scrollIntoView?.({ block: 'nearest' })
    ElMessage.error({ message: marked ? t('state.checkMarked') : problemText(told, t), grouping: true, duration: 6000, showClose: true })
  }

  /** What the page itself sees to be missing, told as a refusal is: at its fields. True when there is something. */
  function lacks(missing: Record<string, string>): boolean {
    fields.value = missing
    const some = Object.keys(missing).length > 0
    if (some) ElMessage.error({ message: t('state.checkMarked'), grouping: true, duration: 6000, showClose: true })
    return some
  }

  /** What has to be given and is not, by field, is told there. True when something is missing. */
  function misses(given: Readonly<Record<string, unknown>>): boolean {
    return lacks(missing(given, t('state.required')))
  }

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
      if (!shown.includes(problem.value.code)) void tell(problem.value)
      return false
    } finally {
      busy.value = false
    }
  }
  return { busy, problem, fields, run, lacks, misses }
}
