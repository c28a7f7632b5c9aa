/** A key of the browser's making: the same press sent twice is one act. */
export function newKey(): string {
  return crypto.randomUUID()
}
