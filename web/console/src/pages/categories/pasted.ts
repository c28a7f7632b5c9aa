export interface PastedName { code: string; name: { zh: string; en: string } }

/** A line of a CSV file as its cells: quotes may stand around a cell, doubled inside of it. */
function cells(line: string): string[] {
  if (line.includes('\t')) return line.split('\t').map((one) => one.trim().replace(/^"(.*)"$/s, '$1').replaceAll('""', '"'))
  const found: string[] = []
  let cell = ''
  let quoted = false
  for (let at = 0; at < line.length; at++) {
    const sign = line[at]!
    if (quoted && sign === '"' && line[at + 1] === '"') { cell += '"'; at++ }
    else if (sign === '"' && (quoted || cell.trim() === '')) { quoted = !quoted; if (quoted) cell = '' }
    else if (!quoted && (sign === ',' || sign === '，')) { found.push(cell.trim()); cell = '' }
    else cell += sign
  }
  return [...found, cell.trim()]
}

/** What was pasted from a spreadsheet or a CSV file: code, Chinese name, English name, one category a line. */
export function pasted(text: string): PastedName[] {
  return text.split(/\r?\n/).filter((line) => line.trim()).map((line) => {
    const [code = '', zh = '', en = ''] = cells(line)
    return { code, name: { zh, en } }
  })
}
