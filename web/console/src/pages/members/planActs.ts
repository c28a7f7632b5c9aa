import { api } from '@/api/client'
import type { components } from '@/api/schema'
import type { Act, Definition } from '@/components/fields/fields'

type Schemas = components['schemas']
export type MemberPlan = Schemas['MemberPlanOut']
export type Outcome = Schemas['OutcomeView']
interface Given {
  code: string
  t: (key: string, values?: Record<string, unknown>) => string
  plans: () => readonly Schemas['PlanView'][]
  took: (outcome: Outcome) => void
}
type Period = 'month' | 'quarter' | 'year' | 'lifetime'
const text = (one: Definition, name: string) => String(one[name] ?? '').trim()

/** What may be done with a member's paid plan, each as the short form that does it. */
export function planActs(given: Given) {
  const { t, code } = given
  const took = async (answer: Promise<Outcome>) => given.took(await answer)
  const plan = (key: unknown) => given.plans().find((one) => one.key === key)
  const named = (of: readonly Schemas['PlanView'][]) => of.map((one) => ({ value: one.key, label: `${one.name} · ${one.key}` }))
  const periods = (key: unknown) => (plan(key)?.prices ?? []).map((one) => ({ value: one.period, label: `${one.name} · ${one.shown}` }))
  return {
    periods,
    buy: (): Act => {
      const first = given.plans()[0]
      return {
        title: t('memberPlan.buy'), text: t('memberPlan.buyText'), confirm: t('memberPlan.toPayment'), done: t('memberPlan.begun'), needs: ['plan', 'period'],
        start: { plan: first?.key, period: first?.prices[0]?.period, auto_renew: first?.auto_renew === 'on' },
        fields: (one) => [
          { kind: 'choice', path: 'plan', label: t('subscribers.plan'), choices: named(given.plans()), wide: true },
          { kind: 'choice', path: 'period', label: t('subscribers.period'), choices: periods(one['plan']), wide: true },
          { kind: 'flag', path: 'auto_renew', label: t('plans.autoRenew'), when: () => plan(one['plan'])?.auto_renew !== 'never' && one['period'] !== 'lifetime' },
        ],
        send: (one, key) => took(api.post('/api/console/members/{code}/plan', { path: { code }, body: { plan: text(one, 'plan'), period: text(one, 'period') as Period, auto_renew: one['auto_renew'] === true, key } })),
      }
    },
    trial: (): Act => {
      const offered = given.plans().filter((one) => one.trial_days > 0)
      return {
        title: t('memberPlan.trial'), text: t('memberPlan.trialText'), done: t('memberPlan.trialBegun'), needs: ['plan'], start: { plan: offered[0]?.key },
        fields: () => [{ kind: 'choice', path: 'plan', label: t('subscribers.plan'), choices: offered.map((one) => ({ value: one.key, label: `${one.name} · ${t('plans.trial', { n: one.trial_days })}` })), wide: true }],
        send: (one, key) => took(api.post('/api/console/members/{code}/plan/trial', { path: { code }, body: { plan: text(one, 'plan'), key } })),
      }
    },
    handOn: (): Act => ({
      title: t('memberPlan.transfer'), text: t('memberPlan.transferText'), done: t('memberPlan.transferred'), needs: ['to'], start: {},
      fields: () => [{ kind: 'text', path: 'to', label: t('memberPrepaid.to'), wide: true }],
      send: (one, key) => took(api.post('/api/console/members/{code}/plan/transfer', { path: { code }, body: { to: text(one, 'to'), key } })),
    }),
    /** `says` is what the server reckons that leaving now gives back. */
    leave: (says: string): Act => ({
      title: t('memberPlan.leave'), text: `${says} ${t('memberPlan.leaveText')}`, done: t('memberPlan.left'), needs: ['reason'], start: {},
      fields: () => [{ kind: 'text', path: 'reason', label: t('word.reason'), wide: true }],
      send: (one, key) => took(api.post('/api/console/members/{code}/plan/refund', { path: { code }, body: { reason: text(one, 'reason'), key } })),
    }),
  }
}
