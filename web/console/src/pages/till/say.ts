import { usePreferences } from '@/stores/preferences'
import { money } from '@/format/number'
import { useSession } from '@/stores/session'
import type { Text } from './shapes'

/** Words of the server that come in both languages, and money of the brand. */
export function useSay() {
  const preferences = usePreferences()
  const session = useSession()
  const say = (text: Partial<Text> | undefined) => (preferences.lang === 'en' ? text?.en || text?.zh : text?.zh || text?.en) ?? ''
  const cash = (minor: number, currency = session.brand?.currency ?? 'CNY') => money(minor, currency)
  return { say, cash }
}
