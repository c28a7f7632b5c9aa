/** The figures of a tier condition: "¥680 / ¥1,000", "3 / 5 orders". The sentences come from the server. */
import type { Language, Part } from '@/api/types'
import { count, money } from './format'

export function figure(amount: number, part: Pick<Part, 'metric'>, currency: string, language: Language): string {
  return part.metric === 'spend' ? money(amount, currency, language) : count(amount, language)
}

/** How far a part is, 0 to 100. */
export function share(part: Pick<Part, 'have' | 'target'>): number {
  return part.target <= 0 ? 100 : Math.max(0, Math.min(100, (part.have / part.target) * 100))
}
