import { computed, ref } from 'vue'
import { useRoute, useRouter, type LocationQuery } from 'vue-router'
import { keysOf, type Filter, type Query } from './types'

function single(query: LocationQuery, key: string): string {
  const value = query[key]
  return (Array.isArray(value) ? value[0] : value) ?? ''
}

/** The list's filters, page and open row, kept in the address bar, so that a link shows the same thing. */
export function useListState(filters: () => readonly Filter[], extraKeys: readonly string[]) {
  const route = useRoute()
  const router = useRouter()
  const trail = ref<string[]>([])

  const names = computed(() => [...extraKeys, ...filters().flatMap(keysOf)])
  const query = computed<Query>(() => {
    const found: Query = {}
    for (const name of names.value) {
      const value = single(route.query, name)
      if (value) found[name] = value
    }
    return found
  })
  const cursor = computed(() => single(route.query, 'after'))
  const limit = computed(() => Number(single(route.query, 'limit')) || 50)
  const openKey = computed(() => single(route.query, 'open'))

  function go(changes: Record<string, string | undefined>, replace = false): void {
    const next: Record<string, string> = {}
    for (const [key, value] of Object.entries(route.query)) {
      const one = Array.isArray(value) ? value[0] : value
      if (one) next[key] = one
    }
    for (const [key, value] of Object.entries(changes)) {
      if (value) next[key] = value
      else delete next[key]
    }
    void (replace ? router.replace({ query: next }) : router.push({ query: next }))
  }

  /** Another question starts on its first page. */
  function set(changes: Record<string, string | undefined>): void {
    trail.value = []
    go({ ...changes, after: undefined, open: undefined }, true)
  }

  function clear(): void {
    set(Object.fromEntries(names.value.map((name) => [name, undefined])))
  }

  function replaceAll(next: Query): void {
    set({ ...Object.fromEntries(names.value.map((name) => [name, undefined])), ...next })
  }

  function forward(next: string): void {
    trail.value.push(cursor.value)
    go({ after: next, open: undefined })
  }

  function backward(): void {
    go({ after: trail.value.pop(), open: undefined })
  }

  function setLimit(value: number): void {
    set({ limit: value === 50 ? undefined : String(value) })
  }

  function open(key: string | undefined): void {
    go({ open: key }, true)
  }

  return { query, cursor, limit, openKey, set, clear, replaceAll, forward, backward, setLimit, open }
}
