import type { components } from '@/api/schema'

export type JourneyRow = components['schemas']['JourneyOut']
export type JourneyDetail = components['schemas']['JourneyDetailOut']
export type Counts = components['schemas']['JourneyCountsOut']
export type Messages = components['schemas']['JourneyMessageOut']
export type Run = components['schemas']['JourneyRunOut']
export type DryRun = components['schemas']['JourneyDryRunOut']

export const stateKinds: Record<string, 'success' | 'warning' | 'danger' | 'info' | 'primary'> = { draft: 'info', running: 'success', paused: 'warning', stopped: 'danger', archived: 'info' }
/** Ends that a journey means to have; every other reason is a member lost on the way. */
export const meant: ReadonlySet<string> = new Set(['completed', 'exit', 'goal'])

export function share(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0
}
