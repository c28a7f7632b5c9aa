/** Colours of a brand, made readable: contrast after WCAG 2.2 (relative luminance), mixing in sRGB. */

export type Rgb = readonly [number, number, number]

export const PAGE = { light: '#fbf7f2', dark: '#171412' } as const
export const SURFACE = { light: '#ffffff', dark: '#221e1b' } as const
export const DEFAULT_ACCENT = '#b4532a'

const DARK_INK = '#1b1108'
const WHITE = '#ffffff'

export function parse(hex: string): Rgb | null {
  const match = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(hex.trim())
  const digits = match?.[1]
  if (!digits) return null
  const long = digits.length === 3 ? [...digits].map((d) => d + d).join('') : digits
  return [0, 2, 4].map((i) => parseInt(long.slice(i, i + 2), 16)) as unknown as Rgb
}

export function toHex(rgb: Rgb): string {
  return '#' + rgb.map((v) => Math.round(v).toString(16).padStart(2, '0')).join('')
}

function rgbOf(hex: string): Rgb {
  return parse(hex) ?? parse(DEFAULT_ACCENT)!
}

export function luminance(hex: string): number {
  const [r, g, b] = rgbOf(hex).map((v) => {
    const c = v / 255
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  }) as unknown as Rgb
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

/** Contrast ratio, 1 to 21. */
export function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

/** `share` of `b` in `a`, 0 to 1. */
export function mix(a: string, b: string, share: number): string {
  const [x, y] = [rgbOf(a), rgbOf(b)]
  return toHex(x.map((v, i) => v + (y[i]! - v) * share) as unknown as Rgb)
}

/** The colour moved towards black or white, just far enough to reach `ratio` against every one of `grounds`. */
export function readable(colour: string, grounds: readonly string[], ratio = 4.5): string {
  const target = luminance(grounds[0] ?? WHITE) > 0.4 ? '#000000' : WHITE
  for (let share = 0; share <= 1; share += 0.04) {
    const tried = mix(colour, target, share)
    if (grounds.every((ground) => contrast(tried, ground) >= ratio)) return tried
  }
  return target
}

/** Black or white, whichever reads better on `ground`. */
export function inkOn(ground: string): string {
  return contrast(WHITE, ground) >= 4.5 || contrast(WHITE, ground) >= contrast(DARK_INK, ground) ? WHITE : DARK_INK
}

/** CSS variables of a brand's colour in the light or the dark scheme. */
export function accentTokens(accent: string | null, dark: boolean): Record<string, string> {
  const scheme = dark ? 'dark' : 'light'
  const given = accent && parse(accent) ? accent : DEFAULT_ACCENT
  // a button must stand out from the page (3:1) before its words can be read (4.5:1)
  const fill = readable(given, [PAGE[scheme], SURFACE[scheme]], 3)
  const wash = mix(SURFACE[scheme], fill, dark ? 0.16 : 0.12)
  let ink = inkOn(fill)
  if (contrast(ink, fill) < 4.5) ink = ink === WHITE ? '#000000' : ink
  return {
    '--accent': fill,
    '--accent-ink': ink,
    '--accent-wash': wash,
    '--accent-text': readable(given, [PAGE[scheme], SURFACE[scheme], wash], 4.5),
  }
}

const LADDER = ['#7a6c5f', '#6a7684', '#94690f', '#2d4a6d', '#4b3566'] as const

/** What a tier's card looks like: two ends of a gradient and an ink that reads on both. */
export function tierLook(colour: string | null, level: number): { from: string; to: string; ink: string; base: string } {
  const given = colour && parse(colour) ? colour : LADDER[Math.min(Math.max(level, 0), LADDER.length - 1)]!
  const ink = inkOn(given)
  const base = ink === WHITE ? readable(given, [WHITE]) : given
  const [near, far] = ink === WHITE ? ['#ffffff', '#000000'] : ['#ffffff', '#ffffff']
  const from = mix(base, near, ink === WHITE ? 0.1 : 0.25)
  const to = mix(base, far, ink === WHITE ? 0.32 : 0.05)
  return { base, ink, from: contrast(ink, from) >= 4.5 ? from : base, to }
}
