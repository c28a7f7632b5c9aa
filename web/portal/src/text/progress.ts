/** "320 more by 31 March keeps Gold": the sentence of a progress, from its plain values. */
import type { Language, Metric, Progress } from '@/api/types'
import { count, day, money } from './format'

type Translate = (key: string, values: Record<string, unknown>, plural?: number) => string

export interface Words {
  t: Translate
  language: Language
  currency: string
}

/** An amount of the metric with its word: `¥320`, `3 orders`, `320 growth points`. */
export function measured(amount: number, metric: Metric, metricName: string, words: Words): string {
  const n = metric === 'spend' ? money(amount, words.currency, words.language) : count(amount, words.language)
  return words.t(`metric.${metric}`, { n, name: metricName }, amount)
}

/** The bare number of the metric, for "have / target". */
export function bare(amount: number, metric: Metric, words: Words): string {
  return metric === 'spend' ? money(amount, words.currency, words.language) : count(amount, words.language)
}

export function sentence(
  progress: Pick<Progress, 'kind' | 'tier_name' | 'missing' | 'metric' | 'metric_name' | 'by'>,
  words: Words,
): string {
  if (progress.kind === 'keep' && progress.missing === 0) return words.t('progress.kept', { tier: progress.tier_name })
  const key = `progress.${progress.kind}${progress.by ? 'By' : ''}`
  return words.t(key, {
    missing: measured(progress.missing, progress.metric, progress.metric_name, words),
    date: progress.by ? day(progress.by, words.language) : '',
    tier: progress.tier_name,
  })
}
