import { backward, outgoing, type Graph, type Link } from './graph'

export interface Place { x: number; y: number }
export interface Spacing { readonly width: number; readonly height: number; readonly across: number; readonly down: number }

export const spacing: Spacing = { width: 232, height: 76, across: 40, down: 64 }

/**
 * Where each node stands when nobody moved it: in rows from the beginning down, each below all that lead to it, in an
 * order with few crossings, as near above its followers as the others let it. The same journey always looks the same.
 */
export function layout(graph: Graph, room: Spacing = spacing): Map<string, Place> {
  const back = backward(graph)
  const links = [...outgoing(graph).values()].flat().filter((link) => !back.has(link))
  const level = levels(graph.nodes, links)
  const rows: string[][] = []
  for (const node of firstMet(graph)) (rows[level.get(node)!] ??= []).push(node)
  const above = neighbours(links, 'to', 'from')
  const below = neighbours(links, 'from', 'to')
  for (let sweep = 0; sweep < 4; sweep += 1) {
    for (let at = 1; at < rows.length; at += 1) reorder(rows[at]!, rows[at - 1]!, above)
    for (let at = rows.length - 2; at >= 0; at -= 1) reorder(rows[at]!, rows[at + 1]!, below)
  }
  const step = room.width + room.across
  const x = new Map<string, number>()
  for (const row of rows) row.forEach((node, place) => x.set(node, (place - (row.length - 1) / 2) * step))
  for (let sweep = 0; sweep < 6; sweep += 1) {
    for (const row of rows) settle(row, x, above, step)
    for (const row of [...rows].reverse()) settle(row, x, below, step)
  }
  const left = Math.min(0, ...x.values())
  return new Map(graph.nodes.map((node) => [node, { x: Math.round(x.get(node)! - left), y: level.get(node)! * (room.height + room.down) }]))
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

function neighbours(links: readonly Link[], of: 'from' | 'to', to: 'from' | 'to'): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const link of links) found.set(link[of], [...(found.get(link[of]) ?? []), link[to]])
  return found
}

function reorder(row: string[], fixed: readonly string[], next: ReadonlyMap<string, readonly string[]>): void {
  const place = new Map(fixed.map((node, at) => [node, at]))
  const weight = new Map(row.map((node, at) => {
    const near = (next.get(node) ?? []).map((one) => place.get(one)).filter((one): one is number => one !== undefined)
    return [node, near.length > 0 ? near.reduce((sum, one) => sum + one, 0) / near.length : (at * fixed.length) / row.length]
  }))
  row.sort((one, other) => weight.get(one)! - weight.get(other)!)
}

/** Moves a row's nodes to the middle of their neighbours, keeping order and distance. */
function settle(row: readonly string[], x: Map<string, number>, next: ReadonlyMap<string, readonly string[]>, step: number): void {
  const wish = row.map((node) => {
    const near = next.get(node) ?? []
    return near.length > 0 ? near.reduce((sum, one) => sum + x.get(one)!, 0) / near.length : x.get(node)!
  })
  // groups of nodes that touch move as one, to the mean of what they wish
  const groups: { from: number; count: number; sum: number }[] = []
  wish.forEach((want, at) => {
    groups.push({ from: at, count: 1, sum: want })
    for (;;) {
      const [before, last] = [groups.at(-2), groups.at(-1)!]
      if (!before || before.sum / before.count + before.count * step <= last.sum / last.count + 1e-6) break
      groups.splice(-2, 2, { from: before.from, count: before.count + last.count, sum: before.sum + last.sum - last.count * before.count * step })
    }
  })
  for (const group of groups) for (let at = 0; at < group.count; at += 1) x.set(row[group.from + at]!, group.sum / group.count + at * step)
}
