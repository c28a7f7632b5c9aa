import { describe, expect, it } from 'vitest'
import { backward, reachable, type Graph } from '@/pages/journeys/graph'
import { addStep, byNode, connect, copyStep, graphOf, looseOf, moveStep, neighbour, ofNode, place, placesOf, portsOf, removeStep, setStep, targetOf, tidyUp, type Definition } from '@/pages/journeys/definition'
import { begin, change, redo, undo } from '@/pages/journeys/history'
import { draw, layout, route, spacing } from '@/pages/journeys/layout'
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

  it('leads a line that passes rows beside what stands in them', () => {
    const skip = graph(['in'], 'in-a-one in-b-end one-next-two two-next-end')
    const { places, bends } = draw(skip)
    const past = bends.get('in/b')!
    expect(past.map((one) => one.y)).toEqual([places.get('one')!.y, places.get('two')!.y])
    for (const [at, key] of ['one', 'two'].entries()) expect(past[at]!.x < places.get(key)!.x || past[at]!.x > places.get(key)!.x + spacing.width).toBe(true)
    expect(bends.has('in/a')).toBe(false)
    apart(places)
    expect(route({ x: 0, y: 0 }, [], { x: 0, y: 64 }).path).toBe('M 0 0 L 0 64')
    expect(route({ x: 0, y: 0 }, [], { x: 100, y: 68 }).label).toEqual({ x: 50, y: 34 })
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

const welcome: Definition = {
  nodes: [
    { id: 'in', kind: 'trigger', on: 'joined' }, { id: 'hello', kind: 'message', template: 'welcome' }, { id: 'wait', kind: 'wait', mode: 'duration', amount: 3, unit: 'days' },
    { id: 'ask', kind: 'branch', arms: [{ key: 'yes' }] }, { id: 'gift', kind: 'reward', rewards: [] }, { id: 'bye', kind: 'exit' }, { id: 'goal', kind: 'goal', activity: 'order' },
  ],
  edges: [
    { from: 'in', port: 'next', to: 'hello' }, { from: 'hello', port: 'next', to: 'wait' }, { from: 'wait', port: 'next', to: 'ask' },
    { from: 'ask', port: 'else', to: 'bye' }, { from: 'ask', port: 'yes', to: 'gift' }, { from: 'gift', port: 'next', to: 'bye' },
  ],
}
const way = (definition: Definition) => spoken(outline(graphOf(definition), (id) => portsOf(definition.nodes.find((one) => one.id === id)!)))

describe('editing a journey', () => {
  it('puts a node between, and joins again what it is taken from', () => {
    const { definition, id } = addStep(welcome, 'tag', { from: 'in', port: 'next' })
    expect(way(definition).slice(0, 3)).toEqual(['in', id, 'hello'])
    expect(removeStep(definition, id).edges.map((edge) => `${edge.from}>${edge.to}`).sort()).toEqual(welcome.edges.map((edge) => `${edge.from}>${edge.to}`).sort())
    expect(removeStep(welcome, 'ask').edges.some((edge) => edge.from === 'wait')).toBe(false)
    expect(looseOf(removeStep(welcome, 'ask'))).toEqual(new Set(['gift', 'bye']))
  })

  it('changes places with what stands before and after, not across a branch or a trigger', () => {
    expect(way(moveStep(welcome, 'hello', 'down')).slice(0, 4)).toEqual(['in', 'wait', 'hello', 'ask'])
    expect(way(moveStep(moveStep(welcome, 'hello', 'down'), 'hello', 'up'))).toEqual(way(welcome))
    expect(moveStep(welcome, 'hello', 'up')).toBe(welcome)
    expect(neighbour(welcome, 'wait', 'down')).toBeUndefined()
    expect(neighbour(welcome, 'bye', 'up')).toBeUndefined()
  })

  it('connects ways by their port only, never to a trigger, a goal or itself', () => {
    expect(targetOf(connect(welcome, 'ask', 'yes', 'bye'), 'ask', 'yes')).toBe('bye')
    expect(targetOf(connect(welcome, 'ask', 'yes', undefined), 'ask', 'yes')).toBeUndefined()
    for (const to of ['in', 'goal', 'ask', 'nowhere']) expect(connect(welcome, 'ask', 'yes', to)).toBe(welcome)
  })

  it('drops ways that a node no longer has', () => {
    const asks: Definition = setStep(welcome, { id: 'wait', kind: 'wait', mode: 'activity', activity: 'order', timeout: { amount: 1, unit: 'days' } })
    expect(asks.edges.some((edge) => edge.from === 'wait')).toBe(false)
  })

  it('keeps places once one was dragged, until it is tidied up', () => {
    const moved = place(welcome, { hello: { x: 400, y: 40 } })
    expect(moved.nodes.every((one) => one.at)).toBe(true)
    expect(placesOf(moved).get('hello')).toEqual({ x: 400, y: 40 })
    const { definition, id } = addStep(moved, 'tag', { from: 'hello', port: 'next' })
    expect(placesOf(definition).get(id)).toEqual(placesOf(moved).get('wait'))
    expect(placesOf(definition).get('wait')!.y).toBeGreaterThan(placesOf(moved).get('wait')!.y)
    expect(tidyUp(moved)).toEqual(welcome)
  })

  it('copies a node beside it, led to by nothing', () => {
    const { definition, id } = copyStep(welcome, 'hello')
    expect(definition.nodes.at(-1)).toEqual({ id, kind: 'message', template: 'welcome' })
    expect(looseOf(definition).has(id)).toBe(true)
  })

  it('shows complaints at their nodes', () => {
    const errors = { 'nodes[1].template': 'no such', 'definition.nodes[3].arms[0].when.all.0.value': 'wrong', 'edges[0].to': 'no way', nodes: 'no trigger' }
    expect(Object.fromEntries(byNode(welcome, errors))).toEqual({ hello: ['no such'], ask: ['wrong'], in: ['no way'], '': ['no trigger'] })
    expect(ofNode(welcome, 'ask', errors)).toEqual({ 'arms[0].when.all.0.value': 'wrong' })
  })
})
