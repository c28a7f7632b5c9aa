/** Of what has to be given, by field, what is not: nothing chosen, no number, no word in any language. Gives `said` by field. */
export function missing(given: Readonly<Record<string, unknown>>, said: string): Record<string, string> {
  return Object.fromEntries(Object.entries(given).filter(([, one]) => isNothing(one)).map(([field]) => [field, said]))
}

function isNothing(one: unknown): boolean {
  if (one === undefined || one === null || one === false) return true
  if (typeof one === 'string') return one.trim() === ''
  if (Array.isArray(one)) return one.length === 0
  return typeof one === 'object' && Object.values(one).every(isNothing)
}
