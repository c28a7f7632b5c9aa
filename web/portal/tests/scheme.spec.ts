import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { contrast, PAGE, SURFACE } from '@/theme/colour'

const css = readFileSync('src/theme/shell.css', 'utf8')
const cut = css.indexOf('@media (prefers-color-scheme: dark)')
const read = (text: string) => Object.fromEntries([...text.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map((match) => [match[1]!, match[2]!]))
const light = read(css.slice(0, cut))
const dark = { ...light, ...read(css.slice(cut)) }

/** Reckoned after WCAG 2.2: words at 4.5:1 on what they stand on, edges of inputs at 3:1. */
describe.each([['light', light], ['dark', dark]] as const)('the colours in %s', (scheme, tokens) => {
  it('can be read wherever words stand on them', () => {
    const grounds = ['page', 'surface', 'sunken']
    const pairs = [
      ...grounds.flatMap((ground) => ['ink', 'ink-soft', 'good', 'warn', 'bad', 'accent-text'].map((ink) => [ink, ground])),
      ...['good', 'warn', 'bad'].flatMap((state) => [[state, `${state}-wash`], ['ink', `${state}-wash`]]),
      ['accent-text', 'accent-wash'], ['ink', 'accent-wash'], ['accent-ink', 'accent'],
    ] as [string, string][]
    const weak = pairs.filter(([ink, ground]) => contrast(tokens[ink]!, tokens[ground]!) < 4.5).map(([ink, ground]) => `${ink} on ${ground}: ${contrast(tokens[ink]!, tokens[ground]!).toFixed(2)}`)
    expect(weak).toEqual([])
  })

  it('show the edge of an input', () => {
    for (const ground of ['page', 'surface', 'sunken']) expect(contrast(tokens['edge']!, tokens[ground]!), ground).toBeGreaterThanOrEqual(3)
  })

  it('are those a brand’s own colour is fitted to', () => {
    expect([tokens['page'], tokens['surface']]).toEqual([PAGE[scheme], SURFACE[scheme]])
  })
})
