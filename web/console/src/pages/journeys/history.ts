/** What was there before, and what was taken back. Changes of one kind in quick succession (typing, dragging) are one step. */
export interface History<T> {
  readonly now: T
  readonly past: readonly T[]
  readonly future: readonly T[]
  /** The kind of the last change and when it was made. */
  readonly last?: { readonly kind: string; readonly at: number }
}

const MOST = 200
const TOGETHER = 1200

export function begin<T>(now: T): History<T> {
  return { now, past: [], future: [] }
}

export function change<T>(history: History<T>, next: T, kind: string, at: number): History<T> {
  if (next === history.now) return history
  const same = kind !== '' && history.last?.kind === kind && at - history.last.at < TOGETHER
  return { now: next, past: same ? history.past : [...history.past, history.now].slice(-MOST), future: [], last: { kind, at } }
}

export function undo<T>(history: History<T>): History<T> {
  const before = history.past.at(-1)
  return before === undefined ? history : { now: before, past: history.past.slice(0, -1), future: [history.now, ...history.future] }
}

export function redo<T>(history: History<T>): History<T> {
  const [next, ...rest] = history.future
  return next === undefined ? history : { now: next, past: [...history.past, history.now], future: rest }
}
