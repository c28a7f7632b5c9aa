/**
 * A closed select keeps Escape to itself, so the dialog around it would stay: it is told in its stead.
 */
export function letEscapeThrough(): void {
  document.addEventListener('keydown', (event) => {
    const field = event.target as HTMLInputElement
    if (event.key !== 'Escape' || event.isComposing || !field.matches?.('.el-select__input[aria-expanded=false]') || field.value) return
    event.stopPropagation()
    document.dispatchEvent(new KeyboardEvent('keydown', { key: event.key, code: event.code }))
  }, { capture: true })
}
