import { i18n } from '@/i18n'
import type { components } from '@/api/schema'
import type { Palette } from '@/components/charts'
import { major, money, moneyCompact } from '@/format/number'
import { month } from '@/format/time'
import { overTime } from '@/pages/home/charts'

/** What is expected to be used in each month to come, stacked by unit. */
export function scheduleChart(rows: components['schemas']['MonthOut'][], currency: string) {
  const months = [...new Set(rows.map((one) => one.month))].sort()
  const units = [...new Map(rows.map((one) => [one.unit, one.unit_name]))]
  const amount = new Map(rows.map((one) => [`${one.unit} ${one.month}`, one.amount]))
  const labels = months.map((one) => month(one))
  const say = (value: number) => money(Math.round(value), currency)
  return {
    unit: currency, period: months.length ? `${labels[0]} – ${labels.at(-1)}` : '',
    table: { columns: [i18n.global.t('liability.month'), ...units.map(([, name]) => name)], rows: months.map((one, at) => [labels[at]!, ...units.map(([unit]) => major(amount.get(`${unit} ${one}`) ?? 0, currency))]) },
    option: (palette: Palette) => overTime(palette, labels, units.map(([unit, name], colour) => ({ name, colour, values: months.map((one) => amount.get(`${unit} ${one}`) ?? 0) })), (value) => moneyCompact(value, currency), say, true),
  }
}
