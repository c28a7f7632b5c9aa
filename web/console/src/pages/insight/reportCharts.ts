import type { EChartsCoreOption, Palette } from '@/components/charts'
import { compact, integer, major, money, moneyCompact, percent } from '@/format/number'
import { date as showDate, month as showMonth } from '@/format/time'
import { overTime } from '@/pages/home/charts'

export interface Column { key: string; name: string; kind: string }
export interface ReportTable { key: string; title: string; message: string; note: string; columns: Column[]; rows: unknown[][] }

/** A cell in words, by its column's kind. */
export function said(value: unknown, kind: string, currency: string): string {
  if (kind === 'mixed' && value && typeof value === 'object') {
    const cell = value as { kind: string; value: unknown }
    return said(cell.value, cell.kind, currency)
  }
  if (value === null || value === undefined) return '—'
  if (typeof value !== 'number') {
    if (kind === 'month') return showMonth(String(value))
    if (kind === 'date') return showDate(String(value))
    return String(value)
  }
  if (kind === 'money') return money(value, currency)
  if (kind === 'share') return percent(value)
  if (kind === 'number' || kind === 'ratio') return value.toFixed(2)
  if (kind === 'days') return value.toFixed(0)
  return integer(value)
}

/** What a chart's table and CSV hold: exact values, months as months, money in the currency's unit. */
export function plain(table: ReportTable, currency: string): { columns: string[]; rows: (string | number)[][] } {
  const shown = table.columns.map((column, index) => ({ column, index })).filter(({ column }) => !isCode(column.key))
  return {
    columns: shown.map(({ column }) => column.name),
    rows: table.rows.map((row) => shown.map(({ column, index }) => {
      const value = row[index]
      if (column.kind === 'money' && typeof value === 'number') return major(value, currency)
      if (typeof value === 'number') return value
      return said(value, column.kind, currency)
    })),
  }
}

/** Columns for machines: people read the words beside them. */
export const isCode = (key: string) => key === 'code' || key === 'category_code'

const at = (table: ReportTable, key: string) => table.columns.findIndex((one) => one.key === key)
const numbers = (table: ReportTable, key: string) => table.rows.map((row) => (typeof row[at(table, key)] === 'number' ? (row[at(table, key)] as number) : 0))
const labels = (table: ReportTable, currency: string) => table.rows.map((row) => said(row[0], table.columns[0]!.kind, currency))

function tip(palette: Palette) {
  return { confine: true, backgroundColor: palette.surface, borderColor: palette.line, textStyle: { color: palette.text, fontSize: 12 } }
}

/** A heat map: the fuller, the darker; every cell says its share. */
export function heat(palette: Palette, xs: string[], ys: string[], cells: [number, number, number | null][], format: (value: number) => string, describe: (x: number, y: number, value: number) => string): EChartsCoreOption {
  const told = cells.filter((cell): cell is [number, number, number] => cell[2] !== null)
  const most = Math.max(0.0001, ...told.map((cell) => cell[2]))
  return {
    grid: { left: 4, right: 8, top: 24, bottom: 4, containLabel: true },
    tooltip: { ...tip(palette), formatter: (item: { value: [number, number, number] }) => describe(item.value[0], item.value[1], item.value[2]) },
    xAxis: { type: 'category', data: xs, position: 'top', axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: palette.soft, interval: 0, hideOverlap: true } },
    yAxis: { type: 'category', data: ys, inverse: true, axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: palette.text } },
    visualMap: { show: false, min: 0, max: most, inRange: { color: [palette.surface, palette.heat] } },
    series: [{
      type: 'heatmap', itemStyle: { borderColor: palette.surface, borderWidth: 1 },
      data: told.map((cell) => ({ value: cell })),
      label: { show: true, fontSize: 11, color: palette.text, formatter: (item: { value: [number, number, number] }) => format(item.value[2]) },
    }],
  }
}

function triangle(palette: Palette, table: ReportTable, currency: string, kind: string): EChartsCoreOption {
  const ages = table.columns.slice(2)
  const xs = ages.map((one) => one.name)
  const ys = table.rows.map((row) => `${said(row[0], 'month', currency)} (${integer(Number(row[1]))})`)
  const cells = table.rows.flatMap((row, y) => ages.map((_, x): [number, number, number | null] => [x, y, (row[x + 2] as number | null) ?? null]))
  const short = (value: number) => (kind === 'share' ? percent(value, 0) : moneyCompact(value, currency))
  return heat(palette, xs, ys, cells, short, (x, y, value) => `${ys[y]} · ${xs[x]}: <b>${said(value, kind, currency)}</b>`)
}

function lines(palette: Palette, table: ReportTable, currency: string): EChartsCoreOption {
  const columns = table.columns.slice(1)
  return {
    grid: { left: 4, right: 12, top: 62, bottom: 2, containLabel: true },
    legend: { type: 'scroll', top: 0, left: 0, itemWidth: 12, itemHeight: 8, icon: 'roundRect', textStyle: { color: palette.soft } },
    tooltip: { ...tip(palette), trigger: 'axis', valueFormatter: (value: unknown) => (typeof value === 'number' ? percent(value) : '—') },
    xAxis: { type: 'category', data: labels(table, currency), axisTick: { show: false }, axisLabel: { color: palette.soft, hideOverlap: true }, axisLine: { lineStyle: { color: palette.line } } },
    yAxis: { type: 'value', min: 0, axisLabel: { color: palette.soft, formatter: (value: number) => percent(value, 0) }, splitLine: { lineStyle: { color: palette.line } } },
    series: columns.filter((one) => one.key !== 'other').map((one, index) => ({
      name: one.name, type: 'line', showSymbol: false, color: palette.series[index % palette.series.length], data: numbers(table, one.key), lineStyle: { width: 2, type: index >= 4 ? 'dashed' : 'solid' },
    })),
  }
}

function steps(palette: Palette, table: ReportTable, currency: string): EChartsCoreOption {
  const names = labels(table, currency)
  const values = numbers(table, 'members')
  const shares = numbers(table, 'share')
  return {
    grid: { left: 4, right: 110, top: 4, bottom: 2, containLabel: true },
    tooltip: { ...tip(palette), trigger: 'axis', axisPointer: { type: 'shadow' } },
    xAxis: { type: 'value', min: 0, show: false },
    yAxis: { type: 'category', inverse: true, data: names, axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: palette.text } },
    series: [{ type: 'bar', data: values, color: palette.series[0], barMaxWidth: 26, itemStyle: { borderRadius: [0, 3, 3, 0] }, label: { show: true, position: 'right', color: palette.soft, formatter: (item: { dataIndex: number }) => `${integer(values[item.dataIndex] ?? 0)} · ${percent(shares[item.dataIndex] ?? 0)}` } }],
  }
}

/** Lift with its interval, on a line that crosses 1; the surest apart on top. */
function lifts(palette: Palette, table: ReportTable): EChartsCoreOption {
  const low = at(table, 'low'), high = at(table, 'high'), lift = at(table, 'lift')
  const apart = table.rows.filter((row) => Number(row[low]) > 1 || Number(row[high]) < 1).sort((a, b) => Math.abs(Math.log(Number(b[lift]))) - Math.abs(Math.log(Number(a[lift])))).slice(0, 12)
  const names = apart.map((row) => `${String(row[0])} · ${String(row[1])}`)
  return {
    grid: { left: 4, right: 64, top: 8, bottom: 20, containLabel: true },
    tooltip: { ...tip(palette), trigger: 'axis', axisPointer: { type: 'shadow' }, formatter: (items: { dataIndex: number }[]) => {
      const row = apart[items[0]?.dataIndex ?? 0]
      return row ? `${names[items[0]!.dataIndex]}<br/>×${Number(row[lift]).toFixed(2)} (${Number(row[low]).toFixed(2)}–${Number(row[high]).toFixed(2)})<br/>${percent(Number(row[3]))} / ${percent(Number(row[4]))}` : ''
    } },
    xAxis: { type: 'value', min: 0, axisLabel: { color: palette.soft, formatter: (value: number) => `×${value}` }, splitLine: { lineStyle: { color: palette.line } } },
    yAxis: { type: 'category', inverse: true, data: names, axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: palette.text, width: 260, overflow: 'truncate' } },
    series: [
      { type: 'bar', data: apart.map((row) => ({ value: Number(row[lift]), itemStyle: { color: Number(row[lift]) >= 1 ? palette.series[0] : palette.series[1], borderRadius: [0, 3, 3, 0] } })), barMaxWidth: 16,
        markLine: { silent: true, symbol: 'none', data: [{ xAxis: 1 }], lineStyle: { color: palette.text, type: 'dashed' }, label: { show: false } },
        label: { show: true, position: 'right', color: palette.soft, formatter: (item: { value: unknown }) => `×${Number(item.value).toFixed(1)}` } },
    ],
  }
}

function bars(palette: Palette, table: ReportTable, currency: string, key: string, line?: string): EChartsCoreOption {
  const column = table.columns[at(table, key)]!
  const isMoney = column.kind === 'money'
  const show = (value: number) => said(value, column.kind, currency)
  const short = (value: number) => (isMoney ? moneyCompact(value, currency) : column.kind === 'share' ? percent(value, 0) : compact(value))
  const series = [{ name: column.name, values: numbers(table, key), colour: 0 }]
  if (line) series.push({ name: table.columns[at(table, line)]!.name, values: numbers(table, line), colour: 1, ...{ line: true } })
  const made = overTime(palette, labels(table, currency), series, short, show)
  // shares and means need steps smaller than one
  return isMoney || column.kind === 'count' ? made : { ...made, yAxis: { ...(made['yAxis'] as object), minInterval: 0 } }
}

function sideways(palette: Palette, table: ReportTable, currency: string, key: string, most = 15): EChartsCoreOption {
  const column = table.columns[at(table, key)]!
  const rows = table.rows.slice(0, most)
  return {
    grid: { left: 4, right: 84, top: 4, bottom: 2, containLabel: true }, tooltip: { ...tip(palette), trigger: 'axis', axisPointer: { type: 'shadow' }, valueFormatter: (value: unknown) => said(value, column.kind, currency) },
    xAxis: { type: 'value', show: false },
    yAxis: { type: 'category', inverse: true, data: rows.map((row) => said(row[0], table.columns[0]!.kind, currency)), axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: palette.text, width: 180, overflow: 'truncate' } },
    series: [{ type: 'bar', name: column.name, barMaxWidth: 18, data: rows.map((row) => { const value = Number(row[at(table, key)] ?? 0); return { value, itemStyle: { color: value < 0 ? palette.series[1] : palette.series[0], borderRadius: 3 } } }), label: { show: true, position: 'right', color: palette.soft, formatter: (item: { value: unknown }) => said(Number(item.value), column.kind, currency) } }],
  }
}

export interface Drawn { title: string; unit: string; height: number; option: (palette: Palette) => EChartsCoreOption }

/** The charts of a table, the first one carrying its message. Tables without a picture give none. */
export function chartsOf(table: ReportTable, currency: string): Drawn[] {
  const key = table.key.split('.').pop() ?? table.key
  const name = (column: string) => table.columns[at(table, column)]?.name ?? ''
  const title = table.message || table.title
  const one = (option: Drawn['option'], unit: string, height = 280, own = title): Drawn => ({ title: own, unit, height, option })
  const known = (column: string, drawn: Drawn): Drawn[] => (table.rows.some((row) => row[at(table, column)] !== null) ? [drawn] : [])
  if (table.rows.length === 0) return []
  if (key === 'cohorts') return [one((p) => triangle(p, table, currency, 'share'), table.title, 60 + 30 * table.rows.length)]
  if (key === 'spend') return [one((p) => triangle(p, table, currency, 'money'), currency, 60 + 30 * table.rows.length)]
  if (key === 'gaps') return [one((p) => bars(p, table, currency, 'purchases'), name('purchases'))]
  if (key === 'shares') return [one((p) => lines(p, table, currency), table.title, 320)]
  if (key === 'moves') return [one((p) => sideways(p, table, currency, 'change'), name('change'), 40 + 26 * Math.min(15, table.rows.length))]
  if (key === 'steps') return [one((p) => steps(p, table, currency), name('members'), 60 + 36 * table.rows.length)]
  if (key === 'traits') return [one((p) => lifts(p, table), name('lift'), 380)]
  if (key === 'reasons') return [one((p) => sideways(p, table, currency, 'members'), name('members'), 60 + 30 * table.rows.length)]
  if (key === 'months' && at(table, 'order_value') > 0 && at(table, 'frequency') > 0) {
    return [
      one((p) => bars(p, table, currency, 'sales'), currency, 260, name('sales')), one((p) => bars(p, table, currency, 'order_value'), currency, 260, name('order_value')),
      one((p) => bars(p, table, currency, 'frequency'), name('frequency'), 260), one((p) => bars(p, table, currency, 'again'), name('again'), 260, name('again')),
    ]
  }
  if (key === 'months') {
    return [
      one((p) => bars(p, table, currency, 'sales'), currency, 260, name('sales')),
      table.rows.some((row) => row[at(table, 'extra_margin')] !== null)
        ? one((p) => bars(p, table, currency, 'extra_margin', 'cost'), currency, 260, title) : one((p) => bars(p, table, currency, 'cost'), currency, 260, name('cost')),
      ...known('member_share', one((p) => bars(p, table, currency, 'member_share'), name('member_share'), 260, name('member_share'))),
      ...known('wake_up', one((p) => bars(p, table, currency, 'wake_up'), name('wake_up'), 260, name('wake_up'))),
    ]
  }
  if (key === 'month') return [one((p) => bars(p, table, currency, 'enrolled', 'activated'), name('enrolled'))]
  if (key === 'channel') return [one((p) => sideways(p, table, currency, 'enrolled'), name('enrolled'), 60 + 34 * Math.min(15, table.rows.length))]
  return []
}
