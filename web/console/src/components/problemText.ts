import type { Problem } from '@/api/problem'

/** One sentence a person can act on. What the server wrote is already in her language. */
export function problemText(problem: Problem, t: (key: string) => string): string {
  if (problem.code === 'file_incomplete') return t('state.fileIncomplete')
  if (problem.offline) return t('state.offline')
  if (problem.detail) return problem.title ? `${problem.title}: ${problem.detail}` : problem.detail
  if (problem.title) return problem.title
  if (problem.status >= 500) return t('state.serverFault')
  return t('state.failed')
}
