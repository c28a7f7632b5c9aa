import { i18n } from '@/i18n'
import type { components } from '@/api/schema'
import type { EChartsCoreOption, Palette } from '@/components/charts'
import { integer, percent } from '@/format/number'
import { date } from '@/format/time'

type Rfm = components['schemas']['RfmOut']
type History = components['schemas']['TierHistoryOut']

export const GROUPS = ['champions', 'promising', 'keep', 'win_back', 'regular', 'new', 'fading', 'lapsed', 'none'] as const

/** A group has its colour in every chart; who bought nothing is grey. */
export function colourOf(palette: Palette, group: string): string {
  const place = GROUPS.indexOf(group as (typeof GROUPS)[number])
  return group === 'none' ? palette.line : palette.series[place % palette.series.length]!
}

/** From the groups of the period before to those of now. */
export function migration(rfm: Rfm) {
  const { t } = i18n.global
  const flows = rfm.flows ?? []
  const place = (group: string) => GROUPS.indexOf(group as (typeof GROUPS)[number])
  const sorted = [...flows].sort((a, b) => place(a.was) - place(b.was) || place(a.becomes) - place(b.becomes))
  const total = flows.reduce((sum, one) => sum + one.members, 0) || 1
  const period = t('rfm.migrationPeriod', { a: date(rfm.compared_from!), b: date(rfm.compared_to!), c: date(rfm.period_from!), d: date(rfm.period_to!) })
  return {
    title: t('rfm.migration', { from: date(rfm.compared_to!) }), unit: t('rfm.migrationUnit'), period,
    table: { columns: [t('rfm.was'), t('rfm.becomes'), t('rfm.members')], rows: sorted.map((one) => [one.was_name, one.becomes_name, one.members]) },
    option: (palette: Palette): EChartsCoreOption => ({
      tooltip: {
        trigger: 'item',
        formatter: (hit: { dataType: string; data: { source?: string; target?: string; label?: string; value: number }; value: number; name: string }) => {
          const n = hit.dataType === 'edge' ? hit.data.value : hit.value
          const name = hit.dataType === 'edge' ? hit.data.label : hit.name.slice(2)
          return `${name}<br>${integer(n)} · ${percent(n / total)}`
        },
      },
      series: [{
        type: 'sankey', left: 4, right: 168, top: 8, bottom: 8, nodeGap: 10, nodeWidth: 14, layoutIterations: 0, draggable: false,
        label: { color: palette.text, fontSize: 12, formatter: (hit: { name: string }) => hit.name.slice(2) },
        lineStyle: { color: 'source', opacity: 0.32, curveness: 0.5 },
        emphasis: { focus: 'adjacency' },
        data: [
          ...GROUPS.flatMap((group) => sorted.filter((one) => one.was === group).slice(0, 1).map((one) => ({ name: `a ${one.was_name}`, depth: 0, itemStyle: { color: colourOf(palette, group) } }))),
          ...GROUPS.flatMap((group) => sorted.filter((one) => one.becomes === group).slice(0, 1).map((one) => ({ name: `b ${one.becomes_name}`, depth: 1, itemStyle: { color: colourOf(palette, group) } }))),
        ],
        links: sorted.map((one) => ({ source: `a ${one.was_name}`, target: `b ${one.becomes_name}`, value: one.members, label: `${one.was_name} → ${one.becomes_name}` })),
      }],
    }),
  }
}

/** Members per tier day by day, stacked. */
export function tierLines(history: History) {
  const { t } = i18n.global
  const days = daysOf(history)
  const lines = history.lines ?? []
  return {
    title: t('tierHistory.chart', { scheme: history.scheme_name }), unit: t('tierHistory.unit'),
    period: days.length ? `${date(days[0]!)} – ${date(days.at(-1)!)}` : '',
    table: { columns: [t('tierHistory.day'), ...lines.map((one) => one.name)], rows: days.map((day, at) => [day, ...lines.map((one) => one.members[at] ?? 0)]) },
    option: (palette: Palette): EChartsCoreOption => ({
      grid: { left: 8, right: 12, top: 34, bottom: 6, containLabel: true },
      legend: { top: 0, left: 0, icon: 'roundRect', itemWidth: 12, itemHeight: 8, textStyle: { color: palette.text } },
      tooltip: { trigger: 'axis', valueFormatter: (value: number) => integer(value) },
      xAxis: { type: 'category', data: days, boundaryGap: false, axisLine: { lineStyle: { color: palette.line } }, axisLabel: { formatter: (day: string) => date(day), hideOverlap: true, alignMinLabel: 'left', alignMaxLabel: 'right' } },
      yAxis: { type: 'value', min: 0, splitLine: { lineStyle: { color: palette.line } }, axisLabel: { formatter: (value: number) => integer(value) } },
      series: lines.map((one) => ({
        type: 'line', name: one.name, stack: 'all', data: one.members, symbol: 'none', lineStyle: { width: 1.2 }, areaStyle: { opacity: 0.55 },
        color: palette.tiers[Math.min(one.rank, palette.tiers.length - 1)],
      })),
    }),
  }
}

/** The days of the lines, as `2026-03-01`. */
export function daysOf(history: History): string[] {
  const count = history.lines?.[0]?.members.length ?? 0
  if (!history.first) return []
  const first = new Date(`${history.first}T00:00:00Z`).getTime()
  return Array.from({ length: count }, (_, n) => new Date(first + n * 86_400_000).toISOString().slice(0, 10))
}
