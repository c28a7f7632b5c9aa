import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { asProblem, type Problem } from '@/api/problem'
import { useTill, type Amount } from '@/stores/till'
import { calls } from './calls'
import type { Quote, QuoteAsked } from './shapes'

const plain = { department: '', brand: '', tags: [] }
const sum = (amount: Amount) => (amount === 'none' ? 0 : amount)

/** The live price of what stands on the till: asked anew a moment after every change, and when its time is over. */
export function useQuote() {
  const till = useTill()
  const quote = shallowRef<Quote>()
  const problem = shallowRef<Problem>()
  const busy = ref(false)
  const now = ref(Date.now())
  const endsAt = ref(0)
  let answered = ''
  let controller: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  const asked = computed<QuoteAsked | undefined>(() => {
    if (!till.store || till.lines.length === 0) return undefined
    return {
      cart: {
        lines: till.lines.map((line) => ({ ...plain, sku: line.sku, quantity: line.quantity, price: line.price, name: line.name, category: line.category })),
        store: till.store, channel: 'store', source: 'till', shipping: 0,
      },
      member: till.member ? { id: null, code: till.member.code, identity: null, pass: null } : null,
      wish: {
        coupons: till.wish.coupons, codes: till.wish.codes, points: sum(till.wish.points), stored: sum(till.wish.stored),
        gift: sum(till.wish.gift), without: till.wish.without,
      },
    }
  })
  const text = computed(() => (asked.value ? JSON.stringify(asked.value) : ''))

  async function ask(): Promise<void> {
    clearTimeout(timer)
    controller?.abort()
    const body = asked.value
    if (!body) {
      quote.value = undefined
      problem.value = undefined
      busy.value = false
      answered = ''
      return
    }
    const mine = new AbortController()
    controller = mine
    const text_ = text.value
    busy.value = true
    try {
      const answer = await calls.quote(body, mine.signal)
      if (mine.signal.aborted) return
      take(answer, text_)
    } catch (thrown) {
      if (mine.signal.aborted) return
      problem.value = asProblem(thrown)
      busy.value = false
    }
  }

  /** `text_` is what it is the answer to. */
  function take(answer: Quote, text_ = text.value): void {
    quote.value = answer
    answered = text_
    problem.value = undefined
    busy.value = false
    now.value = Date.now()
    // Reckoned on this machine's clock, which may be wrong: only how long a quote holds is taken from the server.
    endsAt.value = Date.now() + (new Date(answer.expires_at).getTime() - new Date(answer.quoted_at).getTime())
  }

  watch(text, (next) => {
    clearTimeout(timer)
    controller?.abort()
    if (!next) return void ask()
    busy.value = true
    timer = setTimeout(() => void ask(), 180)
  }, { immediate: true })

  const seconds = computed(() => Math.max(0, Math.ceil((endsAt.value - now.value) / 1000)))
  const ticking = setInterval(() => {
    now.value = Date.now()
    if (quote.value && seconds.value === 0 && !busy.value && !problem.value) void ask()
  }, 1000)
  onScopeDispose(() => {
    clearInterval(ticking)
    clearTimeout(timer)
    controller?.abort()
  })

  /** Shown is what is asked: nothing was changed since. */
  const fresh = computed(() => !busy.value && !problem.value && quote.value !== undefined && answered === text.value && seconds.value > 0)
  return { quote, problem, busy, fresh, seconds, ask, take }
}
