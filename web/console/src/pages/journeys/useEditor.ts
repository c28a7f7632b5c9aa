import { computed, onBeforeUnmount, onMounted, ref, shallowRef, watch, type Ref } from 'vue'
import { api } from '@/api/client'
import { usePreferences } from '@/stores/preferences'
import { addStep, connect, copyStep, moveStep, place, removeStep, setStep, tidyUp, type Definition, type Kind, type Settings, type Step } from './definition'
import { begin, change, redo, undo, type History } from './history'
import type { Place } from './layout'

/** Ways without a port leave by `next`; a definition that is not there yet is an empty one. */
export function readDefinition(given: unknown): Definition {
  const found = structuredClone(given ?? {}) as Partial<Definition>
  return {
    nodes: found.nodes ?? [], edges: (found.edges ?? []).map((edge) => ({ ...edge, port: edge.port ?? 'next' })), settings: found.settings ?? {},
  }
}

/** What is being drawn: its history, what the server says of it a moment after each change, and what may be done with it. */
export function useEditor(code: string, start: () => unknown, editable: Ref<boolean>, initial: { errors: Record<string, string>; sentences: Record<string, string> }) {
  const preferences = usePreferences()
  const history = shallowRef<History<Definition>>(begin(readDefinition(start())))
  const kept = ref(JSON.stringify(history.value.now))
  const definition = computed(() => history.value.now)
  const dirty = computed(() => JSON.stringify(definition.value) !== kept.value)
  const selected = ref<string>()
  const line = ref<string>()
  const errors = ref<Record<string, string>>(initial.errors)
  const sentences = ref<Record<string, string>>(initial.sentences)
  const checking = ref(false)

  function put(next: Definition, kind = ''): void {
    history.value = change(history.value, next, kind, Date.now())
  }
  function take(given: unknown): void {
    history.value = begin(readDefinition(given))
    kept.value = JSON.stringify(history.value.now)
    if (!definition.value.nodes.some((one) => one.id === selected.value)) selected.value = undefined
  }
  /** What was sent is kept; what was typed while it was on its way is not lost. */
  function saved(sent: Definition): void {
    kept.value = JSON.stringify(sent)
  }

  let timer: ReturnType<typeof setTimeout> | undefined
  let controller: AbortController | undefined
  async function check(): Promise<void> {
    controller?.abort()
    const mine = new AbortController()
    controller = mine
    checking.value = true
    try {
      const found = await api.post('/api/console/journeys/check', { body: { code, definition: definition.value as unknown as Record<string, unknown> }, signal: mine.signal })
      if (mine.signal.aborted) return
      const read: Record<string, string> = {}
      for (const error of found.errors) read[error.field] ??= error.message
      errors.value = read
      // what cannot be read as a whole has no sentences: those of before still say most
      sentences.value = { ...(found.errors.length > 0 ? sentences.value : {}), ...found.sentences }
    } catch {
      // what was said last stays until the next change
    }
    if (controller === mine) checking.value = false
  }
  watch([definition, () => preferences.lang], () => {
    clearTimeout(timer)
    timer = setTimeout(() => void check(), 350)
  })

  const act = {
    add(kind: Kind, after?: { from: string; port: string }): void {
      const made = addStep(definition.value, kind, after)
      put(made.definition)
      selected.value = made.id
    },
    remove(id: string): void {
      put(removeStep(definition.value, id))
      if (selected.value === id) selected.value = undefined
    },
    copy(id: string): void {
      const made = copyStep(definition.value, id)
      put(made.definition)
      selected.value = made.id
    },
    move: (id: string, way: 'up' | 'down') => put(moveStep(definition.value, id, way)),
    connect: (from: string, port: string, to: string | undefined) => put(connect(definition.value, from, port, to)),
    step: (step: Step) => put(setStep(definition.value, step), `step ${step.id}`),
    place: (moved: Record<string, Place>) => put(place(definition.value, moved), `place ${Object.keys(moved).join()}`),
    settings: (settings: Settings) => put({ ...definition.value, settings }, 'settings'),
    tidy: () => put(tidyUp(definition.value)),
    undo: () => (history.value = undo(history.value)),
    redo: () => (history.value = redo(history.value)),
  }
  watch(definition, (now) => {
    if (selected.value && !now.nodes.some((one) => one.id === selected.value)) selected.value = undefined
    if (line.value && !now.edges.some((edge) => `${edge.from}/${edge.port}` === line.value)) line.value = undefined
  })

  /** Ctrl+Z and Ctrl+Y outside of fields, whose own undo is the browser's; Delete takes away what is chosen. */
  function key(event: KeyboardEvent): void {
    if (!editable.value) return
    const target = event.target as HTMLElement
    const typing = target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)
    if (typing || target.closest('[role=dialog]')) return
    const meta = event.ctrlKey || event.metaKey
    const letter = event.key.toLowerCase()
    if (meta && letter === 'z' && !event.shiftKey) act.undo()
    else if (meta && (letter === 'y' || (letter === 'z' && event.shiftKey))) act.redo()
    else if ((event.key === 'Delete' || event.key === 'Backspace') && line.value) {
      const [from, port] = line.value.split('/') as [string, string]
      act.connect(from, port, undefined)
    } else if (event.key === 'Delete' && selected.value && target.closest('[data-node]')) act.remove(selected.value)
    else return
    event.preventDefault()
  }
  onMounted(() => addEventListener('keydown', key))
  onBeforeUnmount(() => {
    removeEventListener('keydown', key)
    clearTimeout(timer)
    controller?.abort()
  })
  return { history, definition, dirty, selected, line, errors, sentences, checking, put, take, saved, check, act }
}
