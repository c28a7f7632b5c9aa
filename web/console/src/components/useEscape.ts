import { onScopeDispose, watch, type Ref } from 'vue'

/** What is open closes on Escape, wherever the focus stands. */
export function useEscape(open: Ref<boolean>): void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') open.value = false
  }
  const off = (): void => document.removeEventListener('keydown', onKey)
  watch(open, (is) => (is ? document.addEventListener('keydown', onKey) : off()))
  onScopeDispose(off)
}
