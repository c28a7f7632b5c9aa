/** How a visitor came: the store's QR, the source, who sent her. Kept until she has joined, for this brand only. */
export interface Arrival {
  store: string
  source: string
  recruiter: string
}

const NONE: Arrival = { store: '', source: '', recruiter: '' }
const PATTERN = /^[\w.:-]{1,64}$/

function keptAt(): string {
  return `portal-arrival:${window.location.pathname.split('/')[2] ?? ''}`
}

/** Read `?s=<store>&src=<source>&r=<recruiter>`; what is not a code is left out. */
export function readArrival(search: string): Arrival {
  const query = new URLSearchParams(search)
  const code = (name: string) => {
    const value = query.get(name)?.trim() ?? ''
    return PATTERN.test(value) ? value : ''
  }
  return { store: code('s'), source: code('src'), recruiter: code('r') }
}

/** Take over what the address says, if it says anything. */
export function keepArrival(search: string): void {
  const arrived = readArrival(search)
  if (!arrived.store && !arrived.source && !arrived.recruiter) return
  try {
    window.sessionStorage.setItem(keptAt(), JSON.stringify(arrived))
  } catch {
    /* storage may be switched off: the visitor still joins, only without the store's name on her record */
  }
}

export function arrival(): Arrival {
  try {
    return { ...NONE, ...(JSON.parse(window.sessionStorage.getItem(keptAt()) ?? '{}') as Partial<Arrival>) }
  } catch {
    return readArrival(window.location.search)
  }
}

export function arrivalQuery(): string {
  const came = arrival()
  const query = new URLSearchParams()
  if (came.store) query.set('s', came.store)
  const text = query.toString()
  return text ? `?${text}` : ''
}

const CODE = /^[2-9A-HJ-NP-Z]{8}$/i
const DEVICE = 'portal-device'

/** What this browser calls itself; it says nothing of who uses it. Empty where nothing can be kept. */
export function device(): string {
  try {
    const kept = window.localStorage.getItem(DEVICE)
    if (kept) return kept
    const made = window.crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`
    window.localStorage.setItem(DEVICE, made)
    return made
  } catch {
    return ''
  }
}

/** The code in the address, if somebody's link was opened. */
export function linkCode(search: string): string {
  const code = new URLSearchParams(search).get('r')?.trim() ?? ''
  return CODE.test(code) ? code : ''
}
