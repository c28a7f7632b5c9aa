/** The first letter large, for a text that begins a label; Chinese is left as it is. */
export function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1)
}
