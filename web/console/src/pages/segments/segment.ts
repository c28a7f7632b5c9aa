import type { components } from '@/api/schema'

export type Segment = components['schemas']['SegmentOut']
export const everies = [15, 60, 360, 1440, 10080] as const

/** A list that the background will make, or is making: it is looked at again soon. */
export const isOnItsWay = (one: Segment): boolean => one.being_made && one.state === 'active' && (one.run === 'idle' || one.run === 'running')

/** Asked longer ago than it is planned, and then half as long again. */
export function isStale(one: Segment): boolean {
  if (one.age_seconds === null || one.state !== 'active' || !one.every_minutes) return false
  return one.age_seconds > one.every_minutes * 90
}
