import type { Definition, Field, FieldChoice } from '@/components/fields/fields'

type Say = (key: string, values?: Record<string, unknown>) => string
interface Offers { stores: readonly FieldChoice[]; units: readonly FieldChoice[]; coupons: readonly FieldChoice[]; services: readonly FieldChoice[] }
export type Kind = 'ladder' | 'package' | 'stamp_card' | 'settings'
export const kinds: readonly Kind[] = ['ladder', 'package', 'stamp_card', 'settings']

const grant = (t: Say, { units, coupons }: Offers): Field[] => [
  { kind: 'choice', path: 'unit', label: t('prepaid.grantUnit'), choices: units, clearable: true },
  { kind: 'number', path: 'amount', label: t('prepaid.grantAmount'), min: 1 },
  { kind: 'number', path: 'days', label: t('prepaid.grantDays'), min: 1, hint: t('prepaid.forever') },
  { kind: 'choice', path: 'coupon', label: t('prepaid.grantCoupon'), choices: coupons, clearable: true, search: true, hint: t('offerActs.none') },
]

/** The form of each kind of definition. */
export function specOf(kind: Kind, t: Say, offers: Offers, isNew: boolean): Field[] {
  const { stores, units, services } = offers
  const head: Field[] = [
    { kind: 'names', path: 'name', label: t('word.name') },
    { kind: 'text', path: '@key', label: t('offerActs.key'), hint: t('offerActs.keyHint'), fixed: !isNew },
    { kind: 'choice', path: '@state', label: t('prepaid.state'), choices: ['draft', 'active', 'paused', 'ended'].map((one) => ({ value: one, label: t(`offerStates.${one}`) })) },
  ]
  const where: Field = { kind: 'choices', path: 'stores', label: t('offerActs.stores'), choices: stores, hint: t('offerActs.everyStore'), wide: true }
  if (kind === 'ladder') {
    return [
      ...head,
      {
        kind: 'rows', path: 'rungs', label: t('prepaid.rungs'), hint: t('prepaid.rungsHint'), add: t('prepaid.addRung'), fresh: (): Definition => ({ pay: 10_000 }),
        fields: [
          { kind: 'money', path: 'pay', label: t('prepaid.pay') },
          { kind: 'money', path: 'bonus', label: t('prepaid.bonus') },
          { kind: 'rows', path: 'grants', label: t('prepaid.grants'), add: t('prepaid.addGrant'), fresh: (): Definition => ({ unit: 'points', amount: 100 }), fields: grant(t, offers) },
        ],
      },
      { kind: 'flag', path: 'open', label: t('prepaid.open'), wide: true },
      { kind: 'number', path: 'bonus_days', label: t('prepaid.bonusDays'), min: 1, hint: t('prepaid.forever') },
      { kind: 'number', path: 'principal_days', label: t('prepaid.principalDays'), min: 1, hint: t('prepaid.forever') },
      { kind: 'money', path: 'most_balance', label: t('prepaid.mostBalance') },
      { kind: 'number', path: 'per_member', label: t('prepaid.perMember'), min: 1, hint: t('offerActs.unlimited') },
      { kind: 'day', path: 'starts_on', label: t('prepaid.startsOn') },
      { kind: 'day', path: 'ends_on', label: t('prepaid.endsOn') },
      where,
      { kind: 'flag', path: 'refundable', label: t('prepaid.refundable'), fallback: true },
    ]
  }
  if (kind === 'package') {
    return [
      ...head,
      { kind: 'number', path: 'sessions', label: t('prepaid.sessions'), min: 1, max: 10_000 },
      { kind: 'money', path: 'price', label: t('prepaid.price') },
      { kind: 'number', path: 'days', label: t('prepaid.days'), min: 1, hint: t('prepaid.forever') },
      { kind: 'choice', path: 'counts_from', label: t('prepaid.countsFrom'), fallback: 'purchase', choices: [{ value: 'purchase', label: t('prepaid.purchase') }, { value: 'first_use', label: t('prepaid.firstUse') }] },
      { kind: 'number', path: 'begin_within', label: t('prepaid.beginWithin'), min: 1, when: (one) => one['counts_from'] === 'first_use' },
      { kind: 'choices', path: 'services', label: t('prepaid.services'), choices: services, free: true, hint: t('prepaid.anyService'), wide: true },
      { kind: 'choice', path: 'refund', label: t('prepaid.refund'), fallback: 'pro_rata', choices: ['pro_rata', 'list_price', 'none'].map((one) => ({ value: one, label: t(`prepaid.refunds.${one}`) })) },
      { kind: 'money', path: 'list_price', label: t('prepaid.listPrice'), when: (one) => one['refund'] === 'list_price' },
      { kind: 'number', path: 'freeze_days', label: t('prepaid.freezeDays'), max: 3650, fallback: 0 },
      { kind: 'number', path: 'undo_minutes', label: t('prepaid.undoMinutes'), fallback: 30 },
      { kind: 'number', path: 'per_member', label: t('prepaid.perMember'), min: 1, hint: t('offerActs.unlimited') },
      { kind: 'flag', path: 'transferable', label: t('prepaid.transferable') },
      where,
    ]
  }
  if (kind === 'stamp_card') {
    return [
      ...head,
      { kind: 'choice', path: 'unit', label: t('prepaid.stampUnit'), fallback: 'stamps', choices: units },
      { kind: 'number', path: 'stamps', label: t('prepaid.stamps'), min: 1, max: 1000 },
      { kind: 'number', path: 'per_day', label: t('prepaid.perDay'), min: 1, hint: t('offerActs.unlimited') },
      { kind: 'flag', path: 'by_member', label: t('prepaid.byMember'), fallback: true, wide: true },
      { kind: 'head', path: '#reward', label: t('prepaid.reward') },
      ...grant(t, offers).map((one) => ({ ...one, path: `reward.${one.path}` })),
    ]
  }
  return [
    { kind: 'choice', path: 'law', label: t('prepaid.law'), fallback: 'none', hint: t('prepaid.lawHint'), choices: ['none', 'cn'].map((one) => ({ value: one, label: t(`prepaid.laws.${one}`) })), wide: true },
    { kind: 'texts', path: 'contract', label: t('prepaid.contract') },
    { kind: 'flag', path: 'gift_refunds', label: t('prepaid.giftRefunds'), fallback: true, wide: true },
    { kind: 'text', path: 'contract_version', label: t('prepaid.contractVersion') },
    { kind: 'head', path: '#transfer', label: t('prepaid.transfer') },
    { kind: 'flag', path: 'transfer.enabled', label: t('prepaid.enabled') },
    { kind: 'choices', path: 'transfer.units', label: t('prepaid.units'), choices: units },
    { kind: 'number', path: 'transfer.least', label: t('prepaid.least'), min: 1 },
    { kind: 'number', path: 'transfer.per_day', label: t('prepaid.transferPerDay'), min: 1, hint: t('offerActs.unlimited') },
    { kind: 'number', path: 'transfer.times_per_day', label: t('prepaid.timesPerDay'), min: 1, hint: t('offerActs.unlimited') },
    { kind: 'head', path: '#household', label: t('prepaid.household') },
    { kind: 'flag', path: 'household.enabled', label: t('prepaid.enabled') },
    { kind: 'choices', path: 'household.units', label: t('prepaid.units'), choices: units },
    { kind: 'number', path: 'household.most', label: t('prepaid.householdMost'), min: 1, max: 20 },
    { kind: 'head', path: '#units', label: t('prepaid.unitCodes') },
    { kind: 'choice', path: 'principal', label: t('prepaid.principalUnit'), fallback: 'principal', choices: units },
    { kind: 'choice', path: 'bonus', label: t('prepaid.bonusUnit'), fallback: 'bonus', choices: units },
    { kind: 'choice', path: 'sessions', label: t('prepaid.sessionsUnit'), fallback: 'sessions', choices: units },
    { kind: 'choice', path: 'gift', label: t('prepaid.giftUnit'), fallback: 'gift', choices: units },
    { kind: 'head', path: '#costs', label: t('prepaid.costs') },
    ...units.flatMap((unit): Field[] => [
      { kind: 'text', path: `costs.${unit.value}.cost`, label: t('prepaid.cost', { unit: unit.label }), hint: '1' },
      { kind: 'text', path: `costs.${unit.value}.breakage`, label: t('prepaid.breakage', { unit: unit.label }), hint: '0' },
      { kind: 'number', path: `costs.${unit.value}.months`, label: t('prepaid.months', { unit: unit.label }), min: 1, max: 240, hint: '12' },
    ]),
  ]
}

export function freshOf(kind: Kind): Definition {
  const base = { name: { zh: '', en: '' }, '@key': '', '@state': 'draft' }
  if (kind === 'ladder') return { ...base, rungs: [{ pay: 10_000 }, { pay: 50_000, bonus: 5_000 }] }
  if (kind === 'package') return { ...base, sessions: 10, price: 18_000, days: 365 }
  if (kind === 'stamp_card') return { ...base, stamps: 10, reward: { unit: 'points', amount: 100 } }
  return { '@key': 'settings', '@state': 'active' }
}
