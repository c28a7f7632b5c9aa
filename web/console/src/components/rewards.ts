/** What a member is given, as every page of engagement writes it. */
export interface Reward {
  kind: string
  unit?: string
  amount?: number
  definition?: string
  count?: number
  benefit?: string
  uses?: number
  tag?: string
  badge?: string
  draw?: string
  mission?: string
  scheme?: string
  steps?: number
  months?: number
}

export const rewardKinds = ['points', 'coupon', 'benefit', 'tag', 'tier_step', 'extend_expiry', 'badge', 'draw_chance', 'mission'] as const
export type RewardKind = (typeof rewardKinds)[number]

/** A reward of a kind to begin with. */
export function freshReward(kind: RewardKind, unit = 'points'): Reward {
  switch (kind) {
    case 'points': return { kind, unit, amount: 50 }
    case 'coupon': return { kind, definition: '', count: 1 }
    case 'benefit': return { kind, benefit: '', uses: 1 }
    case 'tag': return { kind, tag: '' }
    case 'tier_step': return { kind, scheme: '', steps: 1 }
    case 'extend_expiry': return { kind, unit, months: 1 }
    case 'badge': return { kind, badge: '' }
    case 'draw_chance': return { kind, draw: '', count: 1 }
    case 'mission': return { kind, mission: '' }
  }
}
