/** A draw reckoned again in the browser: HMAC-SHA256 of both seeds, its place on the line of the odds. */
import type { DrawLog } from '@/api/types'

const LINE = 1n << 256n
const text = new TextEncoder()
const hex = (bytes: ArrayBuffer): string => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('')

/** Browsers have no SHA-256 for pages that came over plain http. */
export const canReckon = (): boolean => Boolean(globalThis.crypto?.subtle)

export async function sha256(of: string): Promise<string> {
  return hex(await crypto.subtle.digest('SHA-256', text.encode(of)))
}

export async function numberOf(seed: string, client: string, nonce: number): Promise<string> {
  const key = await crypto.subtle.importKey('raw', text.encode(seed), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return hex(await crypto.subtle.sign('HMAC', key, text.encode(`${client}:${nonce}`)))
}

const gcd = (a: bigint, b: bigint): bigint => (b ? gcd(b, a % b) : a)

/** The first prize whose upper bound ⌊2²⁵⁶ · (odds so far)⌋ lies above the number. */
export function prizeAt(prizes: readonly { key: string; odds: string }[], number: string): string {
  const n = BigInt(`0x${number}`)
  let [top, bottom] = [0n, 1n]
  let last = ''
  for (const prize of prizes) {
    const [a = 0n, b = 1n] = prize.odds.split('/').map(BigInt)
    if (!a) continue
    ;[top, bottom] = [top * b + a * bottom, bottom * b]
    const by = gcd(top, bottom)
    ;[top, bottom] = [top / by, bottom / by]
    last = prize.key
    if (n < (LINE * top) / bottom) return prize.key
  }
  return last
}

export interface Checked {
  right: number
  wrong: string[]
  waiting: number
}

export async function check(log: DrawLog): Promise<Checked> {
  const found: Checked = { right: 0, wrong: [], waiting: 0 }
  for (const play of log.plays) {
    const seed = log.seeds.find((one) => one.number === play.seed)
    const odds = log.versions.find((one) => one.number === play.version)
    if (!seed?.seed || !odds) {
      found.waiting += 1
      continue
    }
    const agrees =
      (await sha256(seed.seed)) === seed.hash &&
      (await numberOf(seed.seed, play.client_seed, play.nonce)) === play.number &&
      prizeAt(odds.prizes, play.number) === play.drawn
    if (agrees) found.right += 1
    else found.wrong.push(play.id)
  }
  return found
}
