import { parse } from '@vue/compiler-dom'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import en from '@/i18n/en'
import zh from '@/i18n/zh-CN'

type Tree = { readonly [key: string]: string | Tree }

function flat(tree: Tree, prefix = ''): Map<string, string> {
  const out = new Map<string, string>()
  for (const [key, value] of Object.entries(tree)) {
    const path = prefix + key
    if (typeof value === 'string') out.set(path, value)
    else for (const [deep, text] of flat(value, `${path}.`)) out.set(deep, text)
  }
  return out
}

const places = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort()
const [chinese, english] = [flat(zh), flat(en)]

function sources(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) return sources(path)
    return /\.(vue|ts)$/.test(entry.name) && !path.includes('i18n') ? [readFileSync(path, 'utf8')] : []
  })
}

interface Node {
  type: number
  content?: unknown
  children?: unknown
}
const TEXT = 2

/** Visit the plain text of a template; what is between braces is not plain text. */
function walk(node: Node, visit: (text: string) => void): void {
  if (node.type === TEXT && typeof node.content === 'string') visit(node.content)
  if (Array.isArray(node.children)) for (const child of node.children as Node[]) walk(child, visit)
}

describe('the two languages', () => {
  it('have the same keys', () => {
    expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort())
  })

  it('fill no place in English that Chinese does not give', () => {
    for (const [key, text] of chinese) {
      for (const place of places(english.get(key)!)) expect(places(text), key).toContain(place)
    }
  })

  it('leave nothing empty but the space between words, which Chinese does not have', () => {
    for (const [key, text] of [...chinese, ...english]) if (key !== 'join.space') expect(text.trim(), key).not.toBe('')
  })

  it('have every key that a page asks for', () => {
    for (const source of sources('src')) {
      for (const [, key] of source.matchAll(/\bt\('([\w.]+)'/g)) expect(chinese.has(key!), key).toBe(true)
    }
  })

  it('and no page has words of its own', () => {
    for (const source of sources('src')) {
      const template = /<template>[\s\S]*<\/template>/.exec(source)?.[0]
      if (template) walk(parse(template), (text) => expect(text.replace(/[\s×·−→/]/g, ''), template.slice(0, 80)).toBe(''))
    }
  })
})
