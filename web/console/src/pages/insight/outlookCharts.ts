import type { EChartsCoreOption, Palette } from '@/components/charts'

type Format = (value: number) => string
interface Bin { forecast: number; actual: number; rows: number }

const grid = { left: 4, right: 16, top: 34, bottom: 22, containLabel: true }
const tip = (palette: Palette) => ({ confine: true, backgroundColor: palette.surface, borderColor: palette.line, textStyle: { color: palette.text, fontSize: 12 } })
const legend = (palette: Palette) => ({ top: 0, left: 0, itemWidth: 12, itemHeight: 8, textStyle: { color: palette.soft } })
const under = (palette: Palette, name: string) => ({ name, nameLocation: 'middle' as const, nameGap: 24, nameTextStyle: { color: palette.soft } })

/** What was said on the one axis, what came on the other: on the dotted line both are the same. */
export function reliability(palette: Palette, bins: readonly Bin[], words: { said: string; came: string; perfect: string }, share: Format, integer: Format): EChartsCoreOption {
  const axis = { type: 'value' as const, min: 0, max: 1, interval: 0.2, axisLabel: { color: palette.soft, formatter: share }, splitLine: { lineStyle: { color: palette.line } } }
  return {
    grid, legend: legend(palette),
    tooltip: { ...tip(palette), trigger: 'item', formatter: (item: { dataIndex: number; seriesIndex: number }) => {
      const bin = item.seriesIndex === 0 ? bins[item.dataIndex] : undefined
      return bin ? `${words.said} <b>${share(bin.forecast)}</b><br>${words.came} <b>${share(bin.actual)}</b><br>${integer(bin.rows)}` : words.perfect
    } },
    xAxis: { ...axis, ...under(palette, words.said) }, yAxis: axis,
    series: [
      { name: words.came, type: 'line', color: palette.series[0], symbol: 'circle', symbolSize: 9, lineStyle: { width: 2 }, data: bins.map((one) => [one.forecast, one.actual]) },
      { name: words.perfect, type: 'line', color: palette.soft, symbol: 'none', lineStyle: { type: 'dashed', width: 1 }, data: [[0, 0], [1, 1]] },
    ],
  }
}

/** Bars of what came, a line of what was forecast, by tenth; the naive forecast of its own tenths dotted. */
export function deciles(palette: Palette, rows: readonly { decile: number; forecast: number; actual: number }[], naive: readonly { forecast: number; actual: number }[], words: { actual: string; forecast: string; naive: string; decile: string }, short: Format, exact: Format): EChartsCoreOption {
  return {
    grid, legend: legend(palette), tooltip: { ...tip(palette), trigger: 'axis', valueFormatter: (value: unknown) => exact(Number(value)) },
    xAxis: { type: 'category', data: rows.map((one) => String(one.decile)), axisTick: { show: false }, axisLabel: { color: palette.soft }, axisLine: { lineStyle: { color: palette.line } }, ...under(palette, words.decile) },
    yAxis: { type: 'value', min: 0, axisLabel: { color: palette.soft, formatter: short }, splitLine: { lineStyle: { color: palette.line } } },
    series: [
      { name: words.actual, type: 'bar', color: palette.series[0], barMaxWidth: 26, itemStyle: { borderRadius: [2, 2, 0, 0] }, data: rows.map((one) => one.actual) },
      { name: words.forecast, type: 'line', color: palette.series[1], symbol: 'circle', symbolSize: 7, lineStyle: { width: 2 }, data: rows.map((one) => one.forecast) },
      { name: words.naive, type: 'line', color: palette.soft, symbol: 'none', lineStyle: { width: 2, type: 'dashed' }, data: naive.map((one) => one.actual) },
    ],
  }
}

/** Counts between edges; the bars past `from` stand out. */
export function histogram(palette: Palette, edges: readonly number[], counts: readonly number[], edge: Format, integer: Format, name: string, from?: number, last?: string): EChartsCoreOption {
  const label = (at: number) => (last && at === counts.length - 1 ? `≥ ${edge(edges[at]!)}` : `${edge(edges[at]!)} – ${edge(edges[at + 1]!)}`)
  return {
    grid: { ...grid, top: 10, bottom: 2 },
    tooltip: { ...tip(palette), trigger: 'axis', axisPointer: { type: 'shadow', shadowStyle: { color: palette.line, opacity: 0.35 } }, formatter: (items: { dataIndex: number }[]) => `${label(items[0]?.dataIndex ?? 0)}: <b>${integer(counts[items[0]?.dataIndex ?? 0] ?? 0)}</b> ${name}` },
    xAxis: { type: 'category', data: counts.map((_, at) => edge(edges[at]!)), axisTick: { show: false }, axisLabel: { color: palette.soft, hideOverlap: true }, axisLine: { lineStyle: { color: palette.line } } },
    yAxis: { type: 'value', min: 0, minInterval: 1, axisLabel: { color: palette.soft, formatter: integer }, splitLine: { lineStyle: { color: palette.line } } },
    series: [{ type: 'bar', barCategoryGap: '12%', data: counts.map((value, at) => ({ value, itemStyle: { color: from !== undefined && edges[at]! >= from - 1e-9 ? palette.series[1] : palette.series[0], borderRadius: [2, 2, 0, 0] } })) }],
  }
}
