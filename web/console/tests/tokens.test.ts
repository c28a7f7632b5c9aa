import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

type Rgb = [number, number, number]
const css = readFileSync('src/styles/tokens.css', 'utf8')
const block = (start: string) => css.slice(css.indexOf(start), css.indexOf('\n}', css.indexOf(start)))
const read = (text: string) => Object.fromEntries([...text.matchAll(/--rg-([\w-]+): (#[0-9a-f]{6});/g)].map((match) => [match[1]!, match[2]!]))
const light = read(block(':root {'))
const dark = { ...light, ...read(block(':root.dark {')) }

const rgb = (hex: string): Rgb => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as Rgb

/** Relative luminance and contrast as WCAG 2.2 defines them. */
function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4)) as Rgb
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
function contrast(one: Rgb, other: Rgb): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number]
  return (high + 0.05) / (low + 0.05)
}
const mix = (one: Rgb, other: Rgb, share: number) => one.map((value, at) => value + (other[at]! - value) * share) as Rgb

/** Which words stand on which ground somewhere in the console. */
const GROUNDS = ['page', 'surface', 'sunken', 'raised', 'brand-weak']
const INKS = ['text', 'text-2', 'text-3', 'brand', 'brand-strong', 'good', 'warn', 'bad', 'info']

function files(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? files(path) : [path]
  })
}

describe('the reckoning itself', () => {
  it('agrees with the published examples', () => {
    expect(contrast(rgb('#000000'), rgb('#ffffff'))).toBeCloseTo(21, 6)
    expect(contrast(rgb('#767676'), rgb('#ffffff'))).toBeCloseTo(4.54, 2)
    expect(contrast(rgb('#949494'), rgb('#ffffff'))).toBeCloseTo(3.03, 2)
  })
})

describe.each([['light', light], ['dark', dark]])('the colours in %s', (_, tokens) => {
  const of = (name: string) => rgb(tokens[name]!)

  it('can be read wherever words stand on them', () => {
    const pairs = [
      ...GROUNDS.flatMap((ground) => INKS.map((ink) => [ink, ground])),
      ...['good', 'warn', 'bad', 'info'].flatMap((state) => [[state, `${state}-weak`], ['text', `${state}-weak`], ['text-2', `${state}-weak`], ['text-3', `${state}-weak`]]),
      ['on-brand', 'brand'], ['on-brand', 'brand-strong'],
    ] as [string, string][]
    const weak = pairs.filter(([ink, ground]) => contrast(of(ink), of(ground)) < 4.5).map(([ink, ground]) => `${ink} on ${ground}: ${contrast(of(ink), of(ground)).toFixed(2)}`)
    expect(weak).toEqual([])
  })

  it('keep a button legible while the pointer is on it', () => {
    const share = Number(/--el-color-primary-light-3: color-mix\(in srgb, var\(--rg-brand\) (\d+)%, var\(--rg-surface\)\)/.exec(css)![1]) / 100
    expect(contrast(of('on-brand'), mix(of('surface'), of('brand'), share))).toBeGreaterThanOrEqual(4.5)
    expect(contrast(of('surface'), mix(of('surface'), of('bad'), share))).toBeGreaterThanOrEqual(4.5)
  })

  it('show the edge of an input and the columns of a chart', () => {
    for (const ground of ['page', 'surface', 'sunken', 'raised']) expect(contrast(of('edge'), of(ground)), ground).toBeGreaterThanOrEqual(3)
    for (const series of [1, 2, 3, 4, 5, 6, 7, 8]) expect(contrast(of(`chart-${series}`), of('surface')), `chart-${series}`).toBeGreaterThanOrEqual(3)
  })

  it('leave every cell of a heat map legible, from the emptiest to the fullest', () => {
    for (let share = 0; share <= 1; share += 0.05) expect(contrast(of('text'), mix(of('surface'), of('heat'), share)), `${share}`).toBeGreaterThanOrEqual(4.5)
  })
})

describe('the pages', () => {
  const sources = files('src').filter((path) => /\.(vue|css|ts)$/.test(path))

  it('use no colour or size that is not named', () => {
    const named = new Set([...css.matchAll(/(--rg-[\w-]+):/g)].map((match) => match[1]!))
    const unknown = sources.flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(/var\((--rg-[\w-]*\w)(?![\w-]|\$)/g)].filter((match) => !named.has(match[1]!)).map((match) => `${path}: ${match[1]}`))
    expect(unknown).toEqual([])
  })
})
