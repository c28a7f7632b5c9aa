/** A segment carries its name in both languages, whoever makes it. */
const GROUPS: Record<string, { zh: string; en: string }> = {
  champions: { zh: '重要价值', en: 'Champions' }, promising: { zh: '重要发展', en: 'High-value new' }, keep: { zh: '重要保持', en: 'High-value fading' }, win_back: { zh: '重要挽留', en: 'High-value lapsing' },
  regular: { zh: '一般价值', en: 'Frequent, small baskets' }, new: { zh: '一般发展', en: 'Recent, small baskets' }, fading: { zh: '一般保持', en: 'Fading, small baskets' }, lapsed: { zh: '一般挽留', en: 'Lapsed, small baskets' },
}

export function rfmNames(picked: { r?: number; f?: number; group?: string }, cell: (locale: 'zh-CN' | 'en') => string): { zh: string; en: string } {
  const group = picked.group === undefined ? undefined : GROUPS[picked.group]
  return group ? { zh: `RFM ${group.zh}`, en: `RFM ${group.en}` } : { zh: `RFM ${cell('zh-CN')}`, en: `RFM ${cell('en')}` }
}
