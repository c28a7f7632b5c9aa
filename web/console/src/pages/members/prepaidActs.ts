import { api } from '@/api/client'
import type { components } from '@/api/schema'
import type { Act, Definition, Field, FieldChoice } from '@/components/fields/fields'
import { integer, money } from '@/format/number'

type Schemas = components['schemas']
export type Prepaid = Schemas['PrepaidOut']
interface Given {
  code: string
  t: (key: string, values?: Record<string, unknown>) => string
  currency: () => string
  stores: () => readonly FieldChoice[]
  offers: () => Schemas['PrepaidDefinitionOut'][]
  units: () => Schemas['UnitOut'][]
  service: (key: string) => string
  services: () => readonly FieldChoice[]
  took: (next: Prepaid) => void
}
interface Rung { pay: number; bonus?: number }
const methods = ['wechat', 'alipay', 'cash', 'card', 'transfer', 'online', 'other'] as const
const text = (one: Definition, name: string) => String(one[name] ?? '').trim()

/** What may be done with a member's prepaid value, each as the short form that does it. */
export function prepaidActs(given: Given) {
  const { t, code } = given
  const took = async (answer: Promise<Prepaid>) => given.took(await answer)
  const store = (): Field => ({ kind: 'choice', path: 'store', label: t('pay.store'), choices: given.stores(), clearable: true, hint: t('pay.noStore') })
  const paid = (): Field[] => [
    { kind: 'choice', path: 'method', label: t('pay.method'), choices: methods.map((one) => ({ value: one, label: t(`pay.methods.${one}`) })) },
    { kind: 'text', path: 'reference', label: t('pay.reference') },
    store(),
  ]
  const paidBody = (one: Definition) => ({ method: text(one, 'method') as (typeof methods)[number], reference: text(one, 'reference'), store: text(one, 'store') || null })
  const to = (): Field[] => [{ kind: 'text', path: 'to', label: t('memberPrepaid.to') }, { kind: 'text', path: 'message', label: t('memberPrepaid.message') }]
  const lawful = (): Field[] => [{ kind: 'text', path: 'reason', label: t('memberPrepaid.reason'), wide: true }, { kind: 'text', path: 'reference', label: t('pay.reference'), wide: true }]
  const of = (kind: string) => given.offers().filter((one) => one.kind === kind)

  function rungs(ladder: string): Rung[] {
    return (of('ladder').find((one) => one.key === ladder)?.definition['rungs'] as Rung[] | undefined) ?? []
  }
  const says = (rung: Rung) => (rung.bonus ? t('prepaid.rungSays', { pay: money(rung.pay, given.currency()), bonus: money(rung.bonus, given.currency()) }) : t('prepaid.rungPlain', { pay: money(rung.pay, given.currency()) }))

  return {
    topUp: (): Act => ({
      title: t('memberPrepaid.topUp'), done: t('memberPrepaid.toppedUp'), needs: ['ladder', 'amount', 'method'],
      start: { ladder: of('ladder')[0]?.key, amount: rungs(of('ladder')[0]?.key ?? '')[0]?.pay, method: 'wechat' },
      fields: (one) => {
        const ladder = of('ladder').find((other) => other.key === one['ladder'])
        return [
          { kind: 'choice', path: 'ladder', label: t('memberPrepaid.ladder'), choices: of('ladder').map((other) => ({ value: other.key, label: other.name })) },
          ladder?.definition['open'] === true
            ? { kind: 'money', path: 'amount', label: t('memberPrepaid.amount') }
            : { kind: 'choice', path: 'amount', label: t('memberPrepaid.amount'), choices: rungs(text(one, 'ladder')).map((rung) => ({ value: rung.pay, label: says(rung) })), wide: true },
          ...paid(),
        ]
      },
      send: (one, key) => took(api.post('/api/console/members/{code}/top-ups', { path: { code }, body: { ladder: text(one, 'ladder'), amount: Number(one['amount']), ...paidBody(one), key } })),
    }),
    buyPackage: (): Act => ({
      title: t('memberPrepaid.buyPackage'), done: t('memberPrepaid.sold'), needs: ['package', 'method'], start: { package: of('package')[0]?.key, method: 'wechat' },
      fields: () => [{ kind: 'choice', path: 'package', label: t('memberPrepaid.packages'), wide: true, choices: of('package').map((one) => ({ value: one.key, label: `${one.name} · ${t('prepaid.packageSays', { sessions: integer(Number(one.definition['sessions'])), price: money(Number(one.definition['price']), given.currency()) })}` })) }, ...paid()],
      send: (one, key) => took(api.post('/api/console/members/{code}/packages', { path: { code }, body: { package: text(one, 'package'), ...paidBody(one), key } })),
    }),
    bind: (): Act => ({
      title: t('memberPrepaid.bindCard'), done: t('memberPrepaid.bound'), needs: ['number', 'pin'], start: {},
      fields: () => [{ kind: 'text', path: 'number', label: t('giftCards.number') }, { kind: 'text', path: 'pin', label: t('memberPrepaid.pin') }],
      send: (one, key) => took(api.post('/api/console/members/{code}/gift-cards', { path: { code }, body: { number: text(one, 'number'), pin: text(one, 'pin'), key } })),
    }),
    give: (): Act => ({
      title: t('memberPrepaid.give'), done: t('memberPrepaid.given'), needs: ['unit', 'amount', 'to'], start: { unit: 'points' },
      fields: (one) => {
        const unit = given.units().find((other) => other.unit === one['unit'])
        return [
          { kind: 'choice', path: 'unit', label: t('memberPrepaid.unit'), free: true, choices: given.units().map((other) => ({ value: other.unit, label: other.name })) },
          unit?.money ? { kind: 'money', path: 'amount', label: t('memberPrepaid.amount') } : { kind: 'number', path: 'amount', label: t('memberPrepaid.amount'), min: 1 },
          ...to(),
        ]
      },
      send: (one, key) => took(api.post('/api/console/members/{code}/transfers', { path: { code }, body: { unit: text(one, 'unit'), amount: Number(one['amount']), to: text(one, 'to'), message: text(one, 'message'), key } })),
    }),
    buyer: (): Act => ({
      title: t('memberPrepaid.buyer'), text: t('memberPrepaid.buyerSealed'), done: t('memberPrepaid.buyerHas'), needs: ['kind', 'name', 'document', 'number', 'contact'], start: { kind: 'person', document: 'identity_card' },
      fields: () => [
        { kind: 'choice', path: 'kind', label: t('memberPrepaid.buyerKind'), choices: [{ value: 'person', label: t('memberPrepaid.person') }, { value: 'unit', label: t('memberPrepaid.company') }] },
        { kind: 'text', path: 'name', label: t('word.name') },
        { kind: 'choice', path: 'document', label: t('memberPrepaid.document'), choices: ['identity_card', 'passport', 'residence_permit', 'business_licence', 'other'].map((one) => ({ value: one, label: t(`memberPrepaid.documents.${one}`) })) },
        { kind: 'text', path: 'number', label: t('memberPrepaid.documentNumber') },
        { kind: 'text', path: 'contact', label: t('memberPrepaid.contact') },
      ],
      send: (one) => took(api.put('/api/console/members/{code}/buyer', { path: { code }, body: { kind: text(one, 'kind') as 'person', name: text(one, 'name'), document: text(one, 'document') as 'other', number: text(one, 'number'), contact: text(one, 'contact') } })),
    }),
    refundTopUp: (row: Schemas['TopUpOut']): Act => ({
      title: t('memberPrepaid.refundTitle'), text: t('memberPrepaid.refundable', { n: money(row.refundable, given.currency()) }), done: t('memberPrepaid.refundDone'), needs: ['amount', 'reason'], start: { amount: row.refundable },
      fields: () => [{ kind: 'money', path: 'amount', label: t('memberPrepaid.amount') }, ...lawful()],
      send: (one, key) => took(api.post('/api/console/members/{code}/top-ups/{top_up_id}/refunds', { path: { code, top_up_id: row.id }, body: { amount: Number(one['amount']), reason: text(one, 'reason'), reference: text(one, 'reference'), key } })),
    }),
    refundPackage: (row: Schemas['PackageOut']): Act => ({
      title: `${t('memberPrepaid.refundTitle')} · ${row.name}`, confirm: t('memberPrepaid.refund'), text: t('memberPrepaid.refundPackageText'), done: t('memberPrepaid.refundDone'), needs: ['reason'], start: {}, fields: lawful,
      send: (one, key) => took(api.post('/api/console/members/{code}/packages/{package_id}/refunds', { path: { code, package_id: row.id }, body: { reason: text(one, 'reason'), reference: text(one, 'reference'), key } })),
    }),
    use: (row: Schemas['PackageOut']): Act => ({
      title: `${t('memberPrepaid.use')} · ${row.name}`, confirm: t('memberPrepaid.use'), done: t('memberPrepaid.used'), needs: ['sessions'], start: { sessions: 1, service: row.services.length === 1 ? row.services[0] : undefined },
      fields: () => [{ kind: 'number', path: 'sessions', label: t('memberPrepaid.useText'), min: 1, max: row.left }, { kind: 'choice', path: 'service', label: t('memberPrepaid.service'), choices: row.services.length ? row.services.map((one) => ({ value: one, label: given.service(one) })) : given.services(), clearable: true, free: row.services.length === 0, search: true }, store()],
      send: (one, key) => took(api.post('/api/console/members/{code}/packages/{package_id}/uses', { path: { code, package_id: row.id }, body: { sessions: Number(one['sessions']), service: text(one, 'service'), store: text(one, 'store') || null, kind: 'use', key } })),
    }),
    undoUse: (row: Schemas['UseOut']): Act => ({
      title: t('memberPrepaid.undo'), text: t('memberPrepaid.undoAsk', { n: integer(row.sessions), name: row.package_name }), done: t('memberPrepaid.undone'), start: {}, fields: () => [],
      send: (_, key) => took(api.post('/api/console/members/{code}/package-uses/{use_id}/undo', { path: { code, use_id: row.id }, body: { key } })),
    }),
    freeze: (row: Schemas['PackageOut']): Act => ({
      title: `${t('memberPrepaid.freeze')} · ${row.name}`, confirm: t('memberPrepaid.freeze'), text: t('memberPrepaid.freezeText', { n: integer(row.freeze_days_left) }), done: t('memberPrepaid.frozen'), needs: ['days'], start: { days: Math.min(7, row.freeze_days_left) },
      fields: () => [{ kind: 'number', path: 'days', label: t('memberPrepaid.freezeDays'), min: 1, max: row.freeze_days_left }],
      send: (one, key) => took(api.post('/api/console/members/{code}/packages/{package_id}/freeze', { path: { code, package_id: row.id }, body: { days: Number(one['days']), key } })),
    }),
    unfreeze: (row: Schemas['PackageOut']): Act => ({
      title: t('memberPrepaid.unfreeze'), text: row.name, done: t('memberPrepaid.unfrozen'), start: {}, fields: () => [],
      send: (_, key) => took(api.post('/api/console/members/{code}/packages/{package_id}/unfreeze', { path: { code, package_id: row.id }, body: { key } })),
    }),
    handOn: (row: Schemas['PackageOut']): Act => ({
      title: `${t('memberPrepaid.transfer')} · ${row.name}`, confirm: t('memberPrepaid.transfer'), text: t('memberPrepaid.transferText'), done: t('memberPrepaid.transferred'), needs: ['to'], start: {}, fields: to,
      send: (one, key) => took(api.post('/api/console/members/{code}/packages/{package_id}/transfer', { path: { code, package_id: row.id }, body: { to: text(one, 'to'), message: text(one, 'message'), key } })),
    }),
    giveCard: (row: Schemas['CardOut']): Act => ({
      title: t('memberPrepaid.giveCard'), text: `${row.batch_name} …${row.ending}`, done: t('memberPrepaid.transferred'), needs: ['to'], start: {}, fields: to,
      send: (one, key) => took(api.post('/api/console/members/{code}/gift-cards/{card_id}/give', { path: { code, card_id: row.id }, body: { to: text(one, 'to'), message: text(one, 'message'), key } })),
    }),
    exchange: (row: Schemas['StampCardOut']): Act => ({
      title: t('memberPrepaid.redeemStamps'), text: t('memberPrepaid.redeemAsk', { n: integer(row.stamps), unit: row.unit_name, name: row.name }), done: t('memberPrepaid.redeemed'), start: {}, fields: () => [store()],
      send: (one, key) => took(api.post('/api/console/members/{code}/stamp-cards/{key}', { path: { code, key: row.key }, body: { store: text(one, 'store') || null, key } })),
    }),
  }
}
export type PrepaidActs = ReturnType<typeof prepaidActs>
