import type { EChartsCoreOption, Palette } from '@/components/charts'

type Format = (value: number) => string

function tooltip(palette: Palette, format: Format) {
  return {
    trigger: 'axis' as const, confine: true, axisPointer: { type: 'shadow' as const, shadowStyle: { color: palette.line, opacity: 0.35 } },
    backgroundColor: palette.surface, borderColor: palette.line, textStyle: { color: palette.text, fontSize: 12 },
    valueFormatter: (value: unknown) => (typeof value === 'number' ? format(Math.abs(value)) : String(value ?? '')),
  }
}

function valueAxis(palette: Palette, compact: Format) {
  return {
    type: 'value' as const, min: (value: { min: number }) => (value.min < 0 ? null : 0), axisLabel: { color: palette.soft, formatter: compact },
    splitLine: { lineStyle: { color: palette.line } }, minInterval: 1,
  }
}

function dayAxis(palette: Palette, labels: string[]) {
  return {
    type: 'category' as const, data: labels, axisLabel: { color: palette.soft, hideOverlap: true }, axisTick: { show: false },
    axisLine: { lineStyle: { color: palette.line } },
  }
}

const grid = { left: 4, right: 12, top: 34, bottom: 2, containLabel: true }
const legend = (palette: Palette) => ({ top: 0, left: 0, itemWidth: 12, itemHeight: 8, icon: 'roundRect', textStyle: { color: palette.soft } })

export interface Series { name: string; values: number[]; colour: number; line?: boolean }

/** Bars (or lines) over time from a zero baseline. */
export function overTime(palette: Palette, labels: string[], series: Series[], compact: Format, exact: Format, stacked = false): EChartsCoreOption {
  return {
    grid: series.length > 1 ? grid : { ...grid, top: 10 }, tooltip: tooltip(palette, exact),
    ...(series.length > 1 ? { legend: legend(palette) } : {}),
    xAxis: dayAxis(palette, labels), yAxis: valueAxis(palette, compact),
    series: series.map((one) => ({
      name: one.name, data: one.values, type: one.line ? 'line' : 'bar', color: palette.series[one.colour],
      ...(one.line ? { showSymbol: false, lineStyle: { width: 2 } } : { barMaxWidth: 22, itemStyle: { borderRadius: stacked ? 0 : [2, 2, 0, 0] } }),
      ...(stacked ? { stack: 'all' } : {}),
    })),
  }
}

/** Horizontal bars, the first on top, each with its value behind it. */
export function ranking(palette: Palette, labels: string[], values: number[], label: Format, exact: Format, room = 128): EChartsCoreOption {
  return {
    grid: { left: 4, right: 84, top: 4, bottom: 2, containLabel: true }, tooltip: tooltip(palette, exact),
    xAxis: { type: 'value', min: 0, show: false },
    yAxis: {
      type: 'category', inverse: true, data: labels, axisTick: { show: false }, axisLine: { show: false },
      axisLabel: { color: palette.text, width: room, overflow: 'truncate' },
    },
    series: [{
      type: 'bar', barMaxWidth: 20, itemStyle: { borderRadius: [0, 3, 3, 0] },
      data: values,
      label: { show: true, position: 'right', color: palette.soft, formatter: (item: { value: unknown }) => label(Number(item.value)) },
    }],
  }
}

/** Tiers as a pyramid: centred bars, the highest on top. */
export function pyramid(palette: Palette, names: string[], values: number[], colours: string[], exact: Format): EChartsCoreOption {
  const most = Math.max(1, ...values)
  return {
    grid: { left: 4, right: 76, top: 4, bottom: 2, containLabel: true },
    tooltip: { ...tooltip(palette, exact), formatter: (items: { dataIndex: number; name: string }[]) => {
      const index = items[0]?.dataIndex ?? 0
      return `${names[index] ?? ''}: <b>${exact(values[index] ?? 0)}</b>`
    } },
    xAxis: { type: 'value', min: 0, max: most, show: false },
    yAxis: { type: 'category', inverse: true, data: names, axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: palette.text } },
    series: [
      { type: 'bar', stack: 'p', silent: true, itemStyle: { color: 'transparent' }, data: values.map((value) => (most - value) / 2), tooltip: { show: false } },
      {
        type: 'bar', stack: 'p', barWidth: '62%', data: values.map((value, index) => ({ value, itemStyle: { color: colours[index], borderRadius: 3 } })),
        label: { show: true, position: 'right', color: palette.soft, formatter: (item: { value: unknown }) => exact(Number(item.value)) },
      },
    ],
  }
}
