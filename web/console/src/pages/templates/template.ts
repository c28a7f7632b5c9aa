import type { components } from '@/api/schema'

export type Content = components['schemas']['TemplateContentIO']
export type Version = components['schemas']['TemplateVersionOut']
export type Template = components['schemas']['TemplateOut']
export type Channel = 'sms' | 'email' | 'inbox' | 'wechat' | 'wecom' | 'push' | 'webhook' | 'task'
export type Contents = Partial<Record<Channel, Record<'zh' | 'en', Content>>>
export type Field = 'subject' | 'body' | 'html' | 'url' | 'sign' | 'template'

export const CHANNELS: readonly Channel[] = ['inbox', 'sms', 'email', 'wechat', 'wecom', 'push', 'webhook', 'task']
/** What each channel's content has, in the order of the form. */
export const FIELDS: Record<Channel, readonly Field[]> = {
  sms: ['sign', 'body', 'template'], email: ['subject', 'html', 'body'], inbox: ['subject', 'body'], wechat: ['template', 'url', 'body'],
  wecom: ['body', 'url'], push: ['subject', 'body', 'url'], webhook: ['subject', 'body'], task: ['subject', 'body'],
}
export const WITH_DATA: readonly Channel[] = ['sms', 'wechat', 'webhook']
export const LONG: readonly Field[] = ['body', 'html']
export const blank = (): Content => ({ subject: '', body: '', html: '', url: '', sign: '', template: '', data: [] })
export const filled = (given?: Partial<Content>): Content => ({ ...blank(), ...JSON.parse(JSON.stringify(given ?? {})) as Partial<Content> })

export function contentsOf(given: Record<string, Record<string, Content>>): Contents {
  const made: Contents = {}
  for (const channel of Object.keys(given) as Channel[]) made[channel] = { zh: filled(given[channel]?.['zh']), en: filled(given[channel]?.['en']) }
  return made
}
export const tagType = (state: string) => (state === 'approved' ? 'success' : state === 'submitted' ? 'warning' : state === 'rejected' ? 'danger' : 'info')

type Problem = components['schemas']['TemplateProblemOut']
/** The part of a content that a problem's path ends in, such as `body` or `data`. */
export const fieldOf = (path: string): string => /^(?:contents\.[a-z]+\.[a-z]+\.)?([a-z]+)/.exec(path)?.[1] ?? ''
/** Where lines are many, the one that is meant. */
export const hasLine = (one: Problem): boolean => one.code !== 'required' && (LONG as readonly string[]).includes(fieldOf(one.field))
/** What nobody has filled in yet is no problem of hers; what she emptied, or tried to save, is. */
export function worthSaying(one: Problem, touched: ReadonlySet<string>, tried: boolean): boolean {
  return tried || one.code !== 'required' || touched.has(fieldOf(one.field))
}

/** Something that differs between two versions; `kind` says of a whole channel that it is new or gone. */
export interface Change { kind: 'changed' | 'added' | 'dropped'; channel?: Channel; language?: 'zh' | 'en'; field?: Field | 'data'; link?: string; before: string; after: string }
interface Words { contents: Contents; links: Record<string, string> }
const dataText = (one: Content) => one.data.map((each) => `${each.name}: ${each.value}`).join('\n')

/** What a version says otherwise than another, in the order of the form. */
export function changesOf(before: Words, after: Words): Change[] {
  const found: Change[] = []
  for (const channel of CHANNELS) {
    const [old, now] = [before.contents[channel], after.contents[channel]]
    if (!old && !now) continue
    if (!old || !now) { found.push({ kind: now ? 'added' : 'dropped', channel, before: '', after: '' }); continue }
    for (const language of ['zh', 'en'] as const) {
      const pairs: [Field | 'data', string, string][] = FIELDS[channel].map((field) => [field, old[language][field], now[language][field]])
      if (WITH_DATA.includes(channel)) pairs.push(['data', dataText(old[language]), dataText(now[language])])
      for (const [field, was, is] of pairs) if (was !== is) found.push({ kind: 'changed', channel, language, field, before: was, after: is })
    }
  }
  for (const link of new Set([...Object.keys(before.links), ...Object.keys(after.links)])) {
    const [was, is] = [before.links[link] ?? '', after.links[link] ?? '']
    if (was !== is) found.push({ kind: 'changed', link, before: was, after: is })
  }
  return found
}
