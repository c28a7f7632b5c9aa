import type { Wire } from '@/components/conditions/grammar'
import type { Reward } from '@/components/rewards'
import { outgoing, reachable, type Graph, type Link } from './graph'
import { draw, spacing, type Place } from './layout'

/** A journey as the server reads it: docs/journeys.md. */
export interface Names { zh: string; en: string }
export interface Span { amount: number; unit: string }
export interface Arm { key: string; name?: Names; when?: Wire; percent?: number }
export interface Step {
  id: string
  kind: string
  name?: Names
  at?: Place
  on?: string
  activity?: string
  where?: Wire
  segment?: string
  existing?: boolean
  field?: string
  offset_days?: number
  yearly?: boolean
  time?: string
  weekdays?: number[]
  scheme?: string
  tiers?: string[]
  direction?: string
  mode?: string
  amount?: number
  unit?: string
  workdays?: boolean
  timeout?: Span
  arms?: Arm[]
  template?: string
  purpose?: string
  channels?: string[]
  values?: Record<string, string | number | boolean>
  priority?: number
  expires_in?: Span
  rewards?: Reward[]
  add?: string[]
  remove?: string[]
  task?: string
  title?: Names
  script?: Names
  due_in_days?: number
  store?: string
  event?: string
  data?: Record<string, string | number | boolean>
  journey?: string
  within?: Span
  ends?: boolean
}
export interface Settings {
  when?: Wire
  again?: string
  period?: string
  every_days?: number
  leave_segment?: string
  leave_on_opt_out?: boolean
  holdout?: boolean
  priority?: number
}
export interface Edge { from: string; port: string; to: string }
export interface Definition { nodes: Step[]; edges: Edge[]; settings?: Settings }

export const kinds = ['trigger', 'message', 'wait', 'branch', 'split', 'reward', 'tag', 'task', 'webhook', 'journey', 'exit', 'goal'] as const
export type Kind = (typeof kinds)[number]
/** What can stand behind another: everything but where members come in and the goal, to which nothing leads. */
export const following: readonly Kind[] = kinds.filter((one) => one !== 'trigger' && one !== 'goal')

/** The ways out of a node, in order. */
export function portsOf(step: Step): string[] {
  if (step.kind === 'branch') return [...(step.arms ?? []).map((arm) => arm.key), 'else']
  if (step.kind === 'split') return (step.arms ?? []).map((arm) => arm.key)
  if (step.kind === 'wait' && step.mode === 'activity') return ['happened', 'timeout']
  return step.kind === 'exit' || step.kind === 'goal' ? [] : ['next']
}

export function graphOf(definition: Definition): Graph {
  const of = (kind: string) => definition.nodes.filter((one) => one.kind === kind).map((one) => one.id)
  const known = new Set(definition.nodes.map((one) => one.id))
  const order = new Map(definition.nodes.flatMap((one) => portsOf(one).map((port, at) => [`${one.id}/${port}`, at] as const)))
  const place = (edge: Edge) => order.get(`${edge.from}/${edge.port}`) ?? 99
  const links = definition.edges.filter((edge) => known.has(edge.from) && known.has(edge.to)).sort((one, other) => place(one) - place(other))
  return { roots: [...of('trigger'), ...of('goal')], nodes: definition.nodes.map((one) => one.id), links }
}

/** Where every node stands: where she put it, else where the layout does. */
export function placesOf(definition: Definition): Map<string, Place> {
  return drawingOf(definition).places
}

/** The same with the lines' ways past other nodes, as long as nobody has moved any. */
export function drawingOf(definition: Definition): { places: Map<string, Place>; bends: Map<string, Place[]> | undefined } {
  const { places, bends } = draw(graphOf(definition))
  for (const step of definition.nodes) if (step.at) places.set(step.id, step.at)
  return { places, bends: definition.nodes.some((one) => one.at) ? undefined : bends }
}

export function looseOf(definition: Definition): Set<string> {
  const reached = reachable(graphOf(definition))
  return new Set(definition.nodes.map((one) => one.id).filter((id) => !reached.has(id)))
}

export function stepOf(definition: Definition, id: string | undefined): Step | undefined {
  return definition.nodes.find((one) => one.id === id)
}

export function targetOf(definition: Definition, from: string, port: string): string | undefined {
  return definition.edges.find((one) => one.from === from && one.port === port)?.to
}

/** An id or key that is free: `message`, `message-2`, … */
export function free(base: string, taken: readonly string[]): string {
  if (!taken.includes(base)) return base
  let n = 2
  while (taken.includes(`${base}-${n}`)) n += 1
  return `${base}-${n}`
}

export function freshStep(kind: Kind, id: string): Step {
  switch (kind) {
    case 'trigger': return { id, kind, on: 'joined' }
    case 'wait': return { id, kind, mode: 'duration', amount: 1, unit: 'days' }
    case 'branch': return { id, kind, arms: [{ key: 'yes' }] }
    case 'split': return { id, kind, arms: [{ key: 'a', percent: 50 }, { key: 'b', percent: 50 }] }
    case 'message': return { id, kind, purpose: 'marketing' }
    case 'reward': return { id, kind, rewards: [{ kind: 'points', unit: 'points', amount: 50 }] }
    case 'tag': return { id, kind, add: [] }
    case 'task': return { id, kind, task: 'call', title: { zh: '', en: '' }, due_in_days: 1, store: 'favourite' }
    case 'goal': return { id, kind, activity: 'order', within: { amount: 30, unit: 'days' }, ends: true }
    default: return { id, kind }
  }
}

export function setStep(definition: Definition, step: Step): Definition {
  const ports = new Set(portsOf(step))
  return {
    ...definition, nodes: definition.nodes.map((one) => (one.id === step.id ? step : one)),
    edges: definition.edges.filter((edge) => edge.from !== step.id || ports.has(edge.port)),
  }
}

export function connect(definition: Definition, from: string, port: string, to: string | undefined): Definition {
  const target = stepOf(definition, to)
  if (to !== undefined && (!target || to === from || target.kind === 'trigger' || target.kind === 'goal')) return definition
  const edges = definition.edges.filter((edge) => edge.from !== from || edge.port !== port)
  return { ...definition, edges: to === undefined ? edges : [...edges, { from, port, to }] }
}

/** A new node; behind a way out it stands between it and what the way led to. */
export function addStep(definition: Definition, kind: Kind, after?: { from: string; port: string }): { definition: Definition; id: string } {
  const id = free(kind, definition.nodes.map((one) => one.id))
  const step = freshStep(kind, id)
  const down = spacing.height + spacing.down
  const old = after ? targetOf(definition, after.from, after.port) : undefined
  let nodes = definition.nodes
  if (nodes.some((one) => one.at)) {
    const places = placesOf(definition)
    const above = after ? places.get(after.from) : undefined
    const lowest = [...places.values()].reduce((most, one) => Math.max(most, one.y), 0)
    step.at = old ? { ...places.get(old)! } : above ? { x: above.x, y: above.y + down } : { x: 0, y: lowest + down }
    if (old) {
      const pushed = reachable({ ...graphOf(definition), roots: [old] })
      nodes = nodes.map((one) => (pushed.has(one.id) && one.at && one.id !== after?.from ? { ...one, at: { x: one.at.x, y: one.at.y + down } } : one))
    }
  }
  let next: Definition = { ...definition, nodes: [...nodes, step] }
  if (after) {
    next = connect(next, after.from, after.port, id)
    const way = portsOf(step)[0]
    if (old && way) next = connect(next, id, way, old)
  }
  return { definition: next, id }
}

/** Takes a node out; what led to it leads to what followed it, where that is one thing. */
export function removeStep(definition: Definition, id: string): Definition {
  const outs = [...new Set(definition.edges.filter((edge) => edge.from === id && edge.to !== id).map((edge) => edge.to))]
  const heir = outs.length === 1 ? outs[0] : undefined
  return {
    ...definition, nodes: definition.nodes.filter((one) => one.id !== id),
    edges: definition.edges.filter((edge) => edge.from !== id).flatMap((edge) => (edge.to !== id ? [edge] : heir && heir !== edge.from ? [{ ...edge, to: heir }] : [])),
  }
}

/** A copy of a node, that nothing leads to yet. */
export function copyStep(definition: Definition, id: string): { definition: Definition; id: string } {
  const step = stepOf(definition, id)!
  const copy: Step = { ...structuredClone(step), id: free(step.kind, definition.nodes.map((one) => one.id)) }
  if (copy.at) copy.at = { x: copy.at.x + spacing.width + spacing.across, y: copy.at.y }
  return { definition: { ...definition, nodes: [...definition.nodes, copy] }, id: copy.id }
}

const single = (step: Step | undefined) => step !== undefined && step.kind !== 'trigger' && portsOf(step).length === 1

/** The node that `id` may change places with: before or after it in a row, both with one way in their middle. */
export function neighbour(definition: Definition, id: string, way: 'up' | 'down'): string | undefined {
  const out = outgoing(graphOf(definition))
  const one = stepOf(definition, id)
  if (!single(one)) return undefined
  const into = (node: string) => definition.edges.filter((edge) => edge.to === node)
  const other = way === 'down' ? out.get(id)?.[0]?.to : into(id).length === 1 ? into(id)[0]!.from : undefined
  if (other === undefined || other === id || !single(stepOf(definition, other))) return undefined
  const lower = way === 'down' ? other : id
  return into(lower).length === 1 ? other : undefined
}

/** Changes places with the node before or after it. */
export function moveStep(definition: Definition, id: string, way: 'up' | 'down'): Definition {
  const other = neighbour(definition, id, way)
  if (other === undefined) return definition
  const [upper, lower] = way === 'down' ? [id, other] : [other, id]
  const behind = targetOf(definition, lower, 'next')
  const at = (node: string) => stepOf(definition, node)?.at
  const places = { [upper]: at(lower), [lower]: at(upper) }
  const edges: Edge[] = definition.edges.filter((edge) => edge.from !== upper && edge.from !== lower).map((edge) => (edge.to === upper ? { ...edge, to: lower } : edge))
  edges.push({ from: lower, port: 'next', to: upper })
  if (behind && behind !== upper) edges.push({ from: upper, port: 'next', to: behind })
  return { ...definition, edges, nodes: definition.nodes.map((one) => (places[one.id] ? { ...one, at: places[one.id]! } : one)) }
}

/** Puts nodes where they were dragged to. From then on every node stays where it is. */
export function place(definition: Definition, moved: Readonly<Record<string, Place>>): Definition {
  const places = placesOf(definition)
  return { ...definition, nodes: definition.nodes.map((one) => ({ ...one, at: moved[one.id] ?? places.get(one.id)! })) }
}

/** Back to the layout that keeps itself in order. */
export function tidyUp(definition: Definition): Definition {
  return { ...definition, nodes: definition.nodes.map(({ at: _, ...rest }) => rest) }
}

/** The server's complaints by the node they are about; what belongs to none stands under the empty key. */
export function byNode(definition: Definition, errors: Readonly<Record<string, string>>): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const [path, message] of Object.entries(errors)) {
    const [, list, index] = /^(?:definition\.)?(nodes|edges)\[(\d+)\]/.exec(path) ?? []
    const key = list === 'nodes' ? definition.nodes[Number(index)]?.id : list === 'edges' ? definition.edges[Number(index)]?.from : undefined
    found.set(key ?? '', [...(found.get(key ?? '') ?? []), message])
  }
  return found
}

/** The complaints about one node as those of its form's fields. */
export function ofNode(definition: Definition, id: string, errors: Readonly<Record<string, string>>): Record<string, string> {
  const start = `nodes[${definition.nodes.findIndex((one) => one.id === id)}]`
  const found: Record<string, string> = {}
  for (const [path, message] of Object.entries(errors)) {
    const own = path.replace(/^definition\./, '')
    if (own === start || own.startsWith(`${start}.`) || own.startsWith(`${start}[`)) found[own.slice(start.length).replace(/^\./, '')] = message
  }
  return found
}

export function links(definition: Definition): readonly Link[] {
  return graphOf(definition).links
}
