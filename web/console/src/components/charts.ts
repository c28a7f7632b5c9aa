import { BarChart, FunnelChart, HeatmapChart, LineChart, PieChart, SankeyChart } from 'echarts/charts'
import { AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, VisualMapComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'

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
