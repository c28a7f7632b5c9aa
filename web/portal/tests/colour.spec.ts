import { describe, expect, it } from 'vitest'
import { accentTokens, contrast, inkOn, PAGE, parse, SURFACE, tierLook } from '@/theme/colour'

const ACCENTS = ['#b4532a', '#ffeb3b', '#ffffff', '#000000', '#0f6b5c', '#e91e63', '#00bcd4', '#777777', '#0d47a1']

describe('a brand colour', () => {
  it('knows black from white', () => {
    expect(contrast('#000', '#fff')).toBeCloseTo(21, 5)
    expect(parse('#f00')).toEqual([255, 0, 0])
    expect(parse('red')).toBeNull()
  })

  it.each(ACCENTS)('%s can be read in both schemes', (accent) => {
    for (const dark of [false, true]) {
      const scheme = dark ? 'dark' : 'light'
      const tokens = accentTokens(accent, dark)
      expect(contrast(tokens['--accent-ink']!, tokens['--accent']!)).toBeGreaterThanOrEqual(4.5)
      for (const ground of [PAGE[scheme], SURFACE[scheme], tokens['--accent-wash']!]) {
        expect(contrast(tokens['--accent-text']!, ground)).toBeGreaterThanOrEqual(4.5)
      }
      expect(contrast(tokens['--accent']!, SURFACE[scheme])).toBeGreaterThanOrEqual(3)
    }
  })

  it('falls back when it is no colour', () => {
    expect(accentTokens('tomato', false)).toEqual(accentTokens(null, false))
  })
})

describe('a tier card', () => {
  it.each([null, ...ACCENTS])('of %s can be read at both ends', (colour) => {
    for (let level = 0; level < 6; level++) {
      const look = tierLook(colour, level)
      expect(contrast(look.ink, look.from)).toBeGreaterThanOrEqual(4.4)
      expect(contrast(look.ink, look.to)).toBeGreaterThanOrEqual(4.4)
      expect(look.ink).toBe(inkOn(look.base))
    }
  })
})
