/** A cell that a spreadsheet would run as a formula gets a quote in front. */
function cell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number') return String(value)
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** CSV with a byte order mark, so that Excel reads Chinese. */
export function csvBlob(header: string[], rows: (string | number | null | undefined)[][]): Blob {
  const lines = [header, ...rows].map((row) => row.map(cell).join(','))
  return new Blob(['\ufeff', lines.join('\r\n'), '\r\n'], { type: 'text/csv;charset=utf-8' })
}
