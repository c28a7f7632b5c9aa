import { BarChart, FunnelChart, HeatmapChart, LineChart, PieChart, SankeyChart } from 'echarts/charts'
import { AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, VisualMapComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'

import type { EChartsCoreOption } from 'echarts/core'

use([
  BarChart, FunnelChart, HeatmapChart, LineChart, PieChart, SankeyChart,
  GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, VisualMapComponent, AriaComponent, CanvasRenderer,
])

export { init }
export type { EChartsCoreOption, EChartsType } from 'echarts/core'

export interface Palette {
  series: string[]
  tiers: string[]
  heat: string
  text: string
  soft: string
  line: string
  surface: string
  font: string
}

/** Charts take their colours from the same tokens as the page. */
export function palette(): Palette {
  const style = getComputedStyle(document.documentElement)
  const token = (name: string) => style.getPropertyValue(`--rg-${name}`).trim()
  return {
    series: [1, 2, 3, 4, 5, 6, 7, 8].map((n) => token(`chart-${n}`)),
    tiers: [1, 2, 3, 4, 5].map((n) => token(`tier-${n}`)),
    heat: token('heat'), text: token('text'), soft: token('text-3'), line: token('line'), surface: token('surface'), font: token('font'),
  }
}

type Part = Record<string, unknown>
const each = (given: unknown, wear: (one: Part) => Part) => (Array.isArray(given) ? given.map((one) => wear(one as Part)) : wear(given as Part))
const over = (under: Part, given: unknown): Part => ({ ...under, ...(given as Part | undefined) })

/** What a chart does not colour itself (axes, legend, tooltip) is coloured for the page, so that it reads in the dark too. */
export function dressed(option: EChartsCoreOption, colours: Palette): EChartsCoreOption {
  const line = (given: unknown) => over({}, { ...(given as Part | undefined), lineStyle: over({ color: colours.line }, (given as Part | undefined)?.['lineStyle']) })
  const axis = (one: Part): Part => ({
    ...one, nameTextStyle: over({ color: colours.soft }, one['nameTextStyle']), axisLabel: over({ color: colours.soft }, one['axisLabel']),
    axisLine: line(one['axisLine']), axisTick: line(one['axisTick']), splitLine: line(one['splitLine']),
  })
  const worn: EChartsCoreOption = { ...option }
  for (const key of ['xAxis', 'yAxis']) if (worn[key]) worn[key] = each(worn[key], axis)
  if (worn['legend']) worn['legend'] = each(worn['legend'], (one) => ({ pageIconColor: colours.text, pageIconInactiveColor: colours.line, pageTextStyle: { color: colours.soft }, ...one, textStyle: over({ color: colours.soft }, one['textStyle']) }))
  if (worn['tooltip']) worn['tooltip'] = each(worn['tooltip'], (one) => ({ backgroundColor: colours.surface, borderColor: colours.line, ...one, textStyle: over({ color: colours.text }, one['textStyle']) }))
  return worn
}
