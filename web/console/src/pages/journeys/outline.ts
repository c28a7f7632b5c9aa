import { outgoing, type Graph } from './graph'

/** A line of the list view: a node, a way out of one that has several, or where a way joins what stands elsewhere. */
export type Line =
  | { readonly is: 'node'; readonly node: string; readonly depth: number; readonly loose: boolean }
  | { readonly is: 'way'; readonly node: string; readonly port: string; readonly depth: number; readonly empty: boolean }
  | { readonly is: 'join'; readonly from: string; readonly port: string; readonly node: string; readonly depth: number }

/**
 * The journey as a list, in the order in which a member walks it. A node with one way out is followed by the next at the
 * same depth; one with several by its ways, each with what comes on it, one deeper. Every node is listed once: another
 * way to it is a line that names it. What nothing leads to stands last, and is loose.
 */
export function outline(graph: Graph, ports: (node: string) => readonly string[]): Line[] {
  const out = outgoing(graph)
  const lines: Line[] = []
  const seen = new Set<string>()

  type Step = { node: string; depth: number; from: string; port: string; loose: boolean } | { line: Line }
  function walk(root: string, loose: boolean): void {
    const stack: Step[] = [{ node: root, depth: 0, from: '', port: '', loose }]
    while (stack.length > 0) {
      const step = stack.pop()!
      if ('line' in step) {
        lines.push(step.line)
        continue
      }
      const { node, depth } = step
      if (seen.has(node)) {
        lines.push({ is: 'join', from: step.from, port: step.port, node, depth })
        continue
      }
      seen.add(node)
      lines.push({ is: 'node', node, depth, loose: step.loose })
      const links = new Map((out.get(node) ?? []).map((link) => [link.port, link.to]))
      const ways = [...new Set([...ports(node), ...links.keys()])]
      const next: Step[] = []
      for (const port of ways) {
        const to = links.get(port)
        if (ways.length > 1) next.push({ line: { is: 'way', node, port, depth: depth + 1, empty: to === undefined } })
        if (to !== undefined) next.push({ node: to, depth: ways.length > 1 ? depth + 2 : depth, from: node, port, loose: step.loose })
      }
      stack.push(...next.reverse())
    }
  }
  for (const root of graph.roots) if (out.has(root) && !seen.has(root)) walk(root, false)
  // loose pieces begin where nothing leads to; a loop that nothing leads to begins anywhere
  const led = new Set(graph.links.filter((link) => out.has(link.from)).map((link) => link.to))
  for (const node of [...graph.nodes.filter((one) => !led.has(one)), ...graph.nodes]) if (!seen.has(node)) walk(node, true)
  return lines
}
