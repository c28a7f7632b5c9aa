/** A key of the browser's making: the same press sent twice is one act. (`randomUUID` is missing on plain http.) */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
