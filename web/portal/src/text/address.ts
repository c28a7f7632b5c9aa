/** Phone numbers and email addresses as people type them. The server has the last word; this catches slips. */

/** Digits with an optional leading +; null when it cannot be a phone number. */
export function phone(typed: string): string | null {
  const plain = typed
    .normalize('NFKC')
    .replace(/[\s()\-.·]/g, '')
    .replace(/^00/, '+')
  return /^\+?\d{6,15}$/.test(plain) ? plain : null
}

export function email(typed: string): string | null {
  const plain = typed.normalize('NFKC').trim()
  return plain.length <= 254 && /^[^\s@]+@[^\s@]+\.[^\s@]{2,}$/.test(plain) ? plain : null
}

/** Enough of it to be recognised by its owner, for "we sent a code to …". */
export function shown(address: string): string {
  if (address.includes('@')) {
    const [name = '', host = ''] = address.split('@')
    return `${name.slice(0, 2)}***@${host}`
  }
  return address.length > 7 ? `${address.slice(0, -8)}****${address.slice(-4)}` : address
}
