import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

/** A link to a page that the router does not know breaks the frame of every page. */
describe('the navigation', () => {
  it('leads to pages that there are', () => {
    const names = [...readFileSync('src/layout/navigation.ts', 'utf8').matchAll(/\{ name: '(\w+)'/g)].map((match) => match[1]!)
    const pages = new Set([...readFileSync('src/router.ts', 'utf8').matchAll(/page\('[^']*', '(\w+)'/g)].map((match) => match[1]!))
    expect(names.length).toBeGreaterThan(10)
    expect(names.filter((name) => !pages.has(name))).toEqual([])
  })
})
