import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isPair, pick, type Pair, type Texts, type Tree } from '@/i18n'
import { catalogue } from '@/i18n/catalogue'

function leaves(tree: Tree, path = ''): [string, Pair][] {
  return Object.entries(tree).flatMap(([key, value]) => {
    const here = path ? `${path}.${key}` : key
    return isPair(value) ? [[here, value] as [string, Pair]] : leaves(value, here)
  })
}

function keys(texts: Texts, path = ''): string[] {
  return Object.entries(texts).flatMap(([key, value]) => (typeof value === 'string' ? [path + key] : keys(value, `${path}${key}.`)))
}

function files(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? files(path) : [path]
  })
}

const all = leaves(catalogue as unknown as Tree)
const known = new Set(all.map(([key]) => key))
const sources = files('src').filter((path) => /\.(vue|ts)$/.test(path) && !path.includes('catalogue') && !path.endsWith('.d.ts'))
const places = (text: string) => [...new Set([...text.split(' | ').at(-1)!.matchAll(/\{(\w+)\}/g)].map((match) => match[1]))].sort()

describe('the catalogue', () => {
  it('has the same keys in both languages', () => {
    expect(keys(pick(catalogue as unknown as Tree, 1))).toEqual(keys(pick(catalogue as unknown as Tree, 0)))
  })

  it('has a text in each language, with the same places to fill', () => {
    const wrong = all.filter(([, [zh, en]]) => !zh.trim() || !en.trim() || places(zh).join() !== places(en).join())
    expect(wrong).toEqual([])
  })

  it('is Chinese in Chinese and not in English', () => {
    expect(all.filter(([, [, en]]) => /[\u4e00-\u9fff]/.test(en)).map(([key]) => key)).toEqual([])
    const untranslated = all.filter(([, [zh, en]]) => zh === en && !/^[^a-z]*$|^\{/.test(zh)).map(([key]) => key)
    expect(untranslated).toEqual([])
  })

  it('knows every key the pages ask for', () => {
    const asked = new Set<string>()
    for (const path of sources) {
      const text = readFileSync(path, 'utf8')
      for (const match of text.matchAll(/(?:\$t|\bt)\('([a-zA-Z0-9_.]+)'/g)) asked.add(match[1]!)
      for (const match of text.matchAll(/keypath="([a-zA-Z0-9_.]+)"/g)) asked.add(match[1]!)
      for (const match of text.matchAll(/(?:\$t|\bt)\([^'`(]*\? '([a-zA-Z0-9_.]+)' : '([a-zA-Z0-9_.]+)'/g)) {
        asked.add(match[1]!)
        asked.add(match[2]!)
      }
      for (const match of text.matchAll(/'((?:nav|state)\.[a-zA-Z]+)'/g)) asked.add(match[1]!)
    }
    expect([...asked].filter((key) => !known.has(key))).toEqual([])
  })
})

describe('the pages', () => {
  it('hold no text of their own: it comes from the catalogue', () => {
    // What stays: names of languages in their own language, and starting values of bilingual names.
    const allowed = /中文|简体中文|'中'|zh: ['`]/
    const found = sources.flatMap((path) =>
      readFileSync(path, 'utf8').split('\n')
        .filter((line) => /[\u4e00-\u9fff]/.test(line) && !allowed.test(line))
        .map((line) => `${path}: ${line.trim().slice(0, 80)}`),
    )
    expect(found).toEqual([])
  })
})
