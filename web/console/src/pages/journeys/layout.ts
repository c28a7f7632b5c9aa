import { backward, outgoing, type Graph, type Link } from './graph'

export interface Place { x: number; y: number }
export interface Spacing { readonly width: number; readonly height: number; readonly across: number; readonly down: number }
/** Where nodes stand, and past which points a line goes that leads further than to the next row. */
export interface Drawing { readonly places: Map<string, Place>; readonly bends: Map<string, Place[]> }

export const spacing: Spacing = { width: 232, height: 76, across: 40, down: 68 }
const BEND = 28
export const GRID = 8
const SWEEPS = 6

interface Row { readonly keys: string[] }
interface Pull { readonly to: string; readonly lean: number }

/**
 * Where each node stands when nobody moved it: in rows from the beginning down, each below all that lead to it, in an
 * order with few crossings, as near above its followers as the others let it. A line that passes rows has a place of
 * its own in each, so that it runs beside the nodes. The same journey always looks the same.
 */
export function draw(graph: Graph, room: Spacing = spacing): Drawing {
  const back = backward(graph)
  const out = outgoing(graph)
  const links = [...out.values()].flat().filter((link) => !back.has(link))
  const level = levels(graph.nodes, links)
  const rows: Row[] = []
  const put = (key: string, at: number) => (rows[at] ??= { keys: [] }).keys.push(key)
  for (const node of firstMet(graph)) put(node, level.get(node)!)
  const up = new Map<string, Pull[]>()
  const down = new Map<string, Pull[]>()
  const join = (from: string, to: string, lean: number) => {
    up.set(to, [...(up.get(to) ?? []), { to: from, lean }])
    down.set(from, [...(down.get(from) ?? []), { to, lean: 0 }])
  }
  const passing = new Map<string, string[]>()
  for (const link of links) {
    const ports = out.get(link.from)!
    const lean = ((ports.indexOf(link) + 0.5) / ports.length - 0.5) * 0.8
    let before = link.from
    for (let at = level.get(link.from)! + 1; at < level.get(link.to)!; at += 1) {
      const bend = `${idOf(link)}\n${at}`
      put(bend, at)
      join(before, bend, before === link.from ? lean : 0)
      passing.set(idOf(link), [...(passing.get(idOf(link)) ?? []), bend])
      before = bend
    }
    join(before, link.to, before === link.from ? lean : 0)
  }
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (let at = 1; at < rows.length; at += 1) reorder(rows[at]!.keys, rows[at - 1]!.keys, up)
    for (let at = rows.length - 2; at >= 0; at -= 1) reorder(rows[at]!.keys, rows[at + 1]!.keys, down)
  }
  for (let at = 1; at < rows.length; at += 1) reorder(rows[at]!.keys, rows[at - 1]!.keys, up)
  const width = (key: string) => (key.includes('\n') ? BEND : room.width)
  const step = (one: string, other: string) => (width(one) + width(other)) / 2 + (width(one) === width(other) && width(one) === BEND ? 4 : room.across)
  const x = new Map<string, number>()
  for (const { keys } of rows) {
    let at = 0
    keys.forEach((key, place) => x.set(key, (at += place > 0 ? step(keys[place - 1]!, key) : 0)))
    keys.forEach((key) => x.set(key, x.get(key)! - at / 2))
  }
  const lean = (pull: Pull) => x.get(pull.to)! + pull.lean * room.width
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const { keys } of rows) settle(keys, x, (key) => up.get(key)?.map(lean), step)
    for (const { keys } of [...rows].reverse()) settle(keys, x, (key) => down.get(key)?.map(lean), step)
  }
  const left = Math.min(...graph.nodes.map((node) => x.get(node)!), ...[...x.values()])
  const top = (at: number) => at * (room.height + room.down)
  return {
    places: new Map(graph.nodes.map((node) => [node, { x: even(x.get(node)! - left), y: top(level.get(node)!) }])),
    bends: new Map([...passing].map(([link, keys]) => [link, keys.map((key) => ({ x: even(x.get(key)! - left) + room.width / 2, y: top(Number(key.split('\n')[1])) }))])),
  }
}

/** On the grid of the canvas, so that a node drawn and one dragged stand in line. */
function even(value: number): number {
  return Math.round(value / GRID) * GRID
}

export function layout(graph: Graph, room: Spacing = spacing): Map<string, Place> {
  return draw(graph, room).places
}

export function idOf(link: { from: string; port: string }): string {
  return `${link.from}/${link.port}`
}

/** The longest way from the beginning: a node stands below everything that leads to it. */
function levels(nodes: readonly string[], links: readonly Link[]): Map<string, number> {
  const level = new Map(nodes.map((node) => [node, 0]))
  const missing = new Map(nodes.map((node) => [node, 0]))
  for (const link of links) missing.set(link.to, missing.get(link.to)! + 1)
  const out = new Map<string, Link[]>()
  for (const link of links) out.set(link.from, [...(out.get(link.from) ?? []), link])
  const ready = nodes.filter((node) => missing.get(node) === 0)
  for (let node = ready.shift(); node !== undefined; node = ready.shift()) {
    for (const link of out.get(node) ?? []) {
      level.set(link.to, Math.max(level.get(link.to)!, level.get(node)! + 1))
      missing.set(link.to, missing.get(link.to)! - 1)
      if (missing.get(link.to) === 0) ready.push(link.to)
    }
  }
  return level
}

/** Nodes as one meets them, first way out first; those that nothing leads to stand last. */
function firstMet(graph: Graph): string[] {
  const out = outgoing(graph)
  const seen = new Set<string>()
  for (const root of [...graph.roots, ...graph.nodes]) {
    const stack = [root]
    while (stack.length > 0) {
      const node = stack.pop()!
      if (seen.has(node) || !out.has(node)) continue
      seen.add(node)
      stack.push(...out.get(node)!.map((link) => link.to).reverse())
    }
  }
  return [...seen]
}

function reorder(row: string[], fixed: readonly string[], next: ReadonlyMap<string, readonly Pull[]>): void {
  const place = new Map(fixed.map((key, at) => [key, at]))
  const weight = new Map(row.map((key, at) => {
    const near = (next.get(key) ?? []).flatMap((one) => (place.has(one.to) ? [place.get(one.to)! + one.lean] : []))
    return [key, near.length > 0 ? near.reduce((sum, one) => sum + one, 0) / near.length : (at * fixed.length) / row.length]
  }))
  row.sort((one, other) => weight.get(one)! - weight.get(other)!)
}

/** Moves a row to the middle of what it is joined with, keeping order and distance. What is joined with nothing follows its neighbour. */
function settle(row: readonly string[], x: Map<string, number>, pulls: (key: string) => number[] | undefined, step: (one: string, other: string) => number): void {
  const offset: number[] = []
  row.forEach((key, at) => offset.push(at === 0 ? 0 : offset[at - 1]! + step(row[at - 1]!, key)))
  // nodes that touch move as one, to the mean of what they wish; measured from where each would stand in a full row
  const groups: { from: number; count: number; sum: number; weight: number }[] = []
  row.forEach((key, at) => {
    const near = pulls(key)
    const want = (near ? near.reduce((sum, one) => sum + one, 0) / near.length : x.get(key)!) - offset[at]!
    groups.push({ from: at, count: 1, sum: want, weight: 1 })
    for (;;) {
      const [before, last] = [groups.at(-2), groups.at(-1)!]
      if (!before || before.sum / before.weight <= last.sum / last.weight + 1e-6) break
      groups.splice(-2, 2, { from: before.from, count: before.count + last.count, sum: before.sum + last.sum, weight: before.weight + last.weight })
    }
  })
  for (const group of groups) for (let at = group.from; at < group.from + group.count; at += 1) x.set(row[at]!, group.sum / group.weight + offset[at]!)
}

/** A line from point to point by right angles, with its corners rounded: an SVG path, and where its label stands. */
export function route(from: Place, bends: readonly Place[], to: Place, room: Spacing = spacing, radius = 10): { path: string; label: Place } {
  const points: Place[] = [from]
  let x = from.x
  for (const one of [...bends.map((bend) => ({ x: bend.x, y: bend.y })), to]) {
    const y = one.y - room.down / 2
    if (Math.abs(one.x - x) > 0.5) points.push({ x, y }, { x: one.x, y })
    x = one.x
  }
  points.push(to)
  const [first, second] = [points[1]!, points[2]]
  const label = second && points.length > 2 ? { x: (first.x + second.x) / 2, y: first.y } : { x: from.x, y: (from.y + points[1]!.y) / 2 }
  let path = `M ${from.x} ${from.y}`
  for (let at = 1; at < points.length - 1; at += 1) {
    const [before, here, after] = [points[at - 1]!, points[at]!, points[at + 1]!]
    const toward = (one: Place) => {
      const far = Math.hypot(one.x - here.x, one.y - here.y)
      const part = far > 0 ? Math.min(radius, far / 2) / far : 0
      return { x: here.x + (one.x - here.x) * part, y: here.y + (one.y - here.y) * part }
    }
    const [start, end] = [toward(before), toward(after)]
    path += ` L ${start.x} ${start.y} Q ${here.x} ${here.y} ${end.x} ${end.y}`
  }
  return { path: `${path} L ${to.x} ${to.y}`, label }
}
