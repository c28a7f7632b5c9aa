/** A journey as points and lines: what layout, outline and checks need, whatever the nodes hold. */
export interface Link { readonly from: string; readonly port: string; readonly to: string }
export interface Graph { readonly roots: readonly string[]; readonly nodes: readonly string[]; readonly links: readonly Link[] }

/** The lines that leave each node, in the order of its ways out. */
export function outgoing(graph: Graph): Map<string, Link[]> {
  const found = new Map<string, Link[]>(graph.nodes.map((node) => [node, []]))
  for (const link of graph.links) if (found.has(link.to)) found.get(link.from)?.push(link)
  return found
}

/** Lines that lead back to where a member came from: a loop is closed by them. */
export function backward(graph: Graph): Set<Link> {
  const out = outgoing(graph)
  const state = new Map<string, 'open' | 'done'>()
  const back = new Set<Link>()
  // an own stack: a journey of a thousand steps in a row is no reason to fail
  for (const root of [...graph.roots, ...graph.nodes]) {
    if (state.has(root) || !out.has(root)) continue
    const stack: { node: string; next: number }[] = [{ node: root, next: 0 }]
    state.set(root, 'open')
    while (stack.length > 0) {
      const top = stack.at(-1)!
      const link = out.get(top.node)![top.next++]
      if (!link) {
        state.set(top.node, 'done')
        stack.pop()
      } else if (state.get(link.to) === 'open') back.add(link)
      else if (!state.has(link.to)) {
        state.set(link.to, 'open')
        stack.push({ node: link.to, next: 0 })
      }
    }
  }
  return back
}

/** What a member can reach from the beginning. */
export function reachable(graph: Graph): Set<string> {
  const out = outgoing(graph)
  const found = new Set<string>()
  const waiting = graph.roots.filter((node) => out.has(node))
  while (waiting.length > 0) {
    const node = waiting.pop()!
    if (found.has(node)) continue
    found.add(node)
    for (const link of out.get(node) ?? []) waiting.push(link.to)
  }
  return found
}
