import { describe, expect, it } from 'vitest'
import { backward, reachable, type Graph } from '@/pages/journeys/graph'
import { begin, change, redo, undo } from '@/pages/journeys/history'
import { layout, spacing } from '@/pages/journeys/layout'
import { outline, type Line } from '@/pages/journeys/outline'

function graph(roots: string[], text: string, more: string[] = []): Graph {
  const links = text.split(' ').filter(Boolean).map((one) => {
    const [from, port, to] = one.split(/[-]/) as [string, string, string]
    return { from, port, to }
  })
  return { roots, nodes: [...new Set([...roots, ...links.flatMap((one) => [one.from, one.to]), ...more])], links }
}
const split = graph(['in'], 'in-next-ask ask-yes-gift ask-no-wait gift-next-end wait-next-end', ['lost'])
const spoken = (lines: Line[]) => lines.map((line) => `${'.'.repeat(line.depth)}${line.is === 'node' ? line.node : line.is === 'way' ? `[${line.port}${line.empty ? '!' : ''}]` : `>${line.node}`}`)

describe('a journey as a graph', () => {
  it('knows its loops and what nobody can reach', () => {
    const loop = graph(['in'], 'in-next-a a-next-b b-again-a b-done-c')
    expect([...backward(loop)].map((link) => `${link.from}-${link.to}`)).toEqual(['b-a'])
    expect(reachable(split).has('lost')).toBe(false)
    expect(reachable(loop).size).toBe(4)
  })
})

describe('the layout', () => {
  const apart = (places: Map<string, { x: number; y: number }>) => {
    const list = [...places.values()]
    for (const [at, one] of list.entries()) {
      for (const other of list.slice(at + 1)) expect(Math.abs(one.x - other.x) >= spacing.width || Math.abs(one.y - other.y) >= spacing.height, JSON.stringify([one, other])).toBe(true)
    }
  }

  it('puts each below what leads to it and none upon another', () => {
    const places = layout(split)
    for (const link of split.links) expect(places.get(link.to)!.y).toBeGreaterThan(places.get(link.from)!.y)
    apart(places)
    expect(places.get('gift')!.x).toBeLessThan(places.get('wait')!.x)
    expect(places.get('in')!.x).toBe(places.get('ask')!.x)
  })

  it('is finite with loops, and the same every time', () => {
    const loop = graph(['in'], 'in-next-a a-next-b b-again-a b-done-c c-next-c')
    expect([...layout(loop)]).toEqual([...layout(loop)])
    apart(layout(loop))
  })

  it('holds a large tree and a long chain', () => {
    const tree = graph(['n1'], Array.from({ length: 120 }, (_, at) => `n${Math.floor(at / 3) + 1}-p${at % 3}-n${at + 2}`).join(' '))
    apart(layout(tree))
    const chain = graph(['n0'], Array.from({ length: 1000 }, (_, at) => `n${at}-next-n${at + 1}`).join(' '))
    expect(layout(chain).get('n1000')).toEqual({ x: 0, y: 1000 * (spacing.height + spacing.down) })
    expect(outline(chain, () => ['next'])).toHaveLength(1001)
  })
})

describe('the outline', () => {
  it('walks like a member, each node once, joins named, loose ones last', () => {
    expect(spoken(outline(split, (node) => (node === 'ask' ? ['yes', 'no', 'else'] : ['next'])))).toEqual([
      'in', 'ask', '.[yes]', '..gift', '..end', '.[no]', '..wait', '..>end', '.[else!]', 'lost',
    ])
    expect(outline(split, () => ['next']).at(-1)).toMatchObject({ node: 'lost', loose: true })
  })

  it('lists a loop once, and one that nothing leads to', () => {
    expect(spoken(outline(graph(['in'], 'in-next-a a-next-in', ['x']), () => ['next']))).toEqual(['in', 'a', '>in', 'x'])
    expect(spoken(outline(graph(['in'], 'p-next-q q-next-p'), () => ['next']))).toEqual(['in', 'p', 'q', '>p'])
  })
})

describe('undo and redo', () => {
  it('goes back and forth; a new change forgets what was taken back', () => {
    let history = begin('a')
    history = change(history, 'b', '', 0)
    history = change(history, 'c', '', 1)
    expect(undo(history).now).toBe('b')
    expect(redo(undo(history)).now).toBe('c')
    expect(undo(undo(undo(history))).now).toBe('a')
    expect(change(undo(history), 'd', '', 2).future).toEqual([])
    expect(redo(history)).toBe(history)
  })

  it('takes typing back as one', () => {
    let history = begin('')
    for (const [at, text] of ['H', 'He', 'Hel'].entries()) history = change(history, text, 'title', at * 300)
    expect(undo(history).now).toBe('')
    history = change(history, 'Help', 'title', 5000)
    expect(undo(history).now).toBe('Hel')
    expect(change(history, 'Help!', 'other', 5001).past).toHaveLength(3)
  })
})
