import { ElMessageBox } from 'element-plus'

/** Asks once before something that moves money or cannot be undone; `text` says the consequence in numbers. */
export async function ask(title: string, text: string, confirm: string, cancel: string, danger = true): Promise<boolean> {
  try {
    await ElMessageBox.confirm(text, title, {
      confirmButtonText: confirm, cancelButtonText: cancel, type: danger ? 'warning' : 'info',
      confirmButtonClass: danger ? 'el-button--danger' : '', autofocus: false,
    })
    return true
  } catch {
    return false
  }
}

/** Asks for a line of text, such as the reason of a rejection. */
export async function askText(title: string, text: string, confirm: string, cancel: string, initial = ''): Promise<string | undefined> {
  try {
    const answer = await ElMessageBox.prompt(text, title, {
      confirmButtonText: confirm, cancelButtonText: cancel, inputValue: initial, inputValidator: (value) => (value ?? '').trim().length > 0 || ' ',
    })
    return answer.value.trim()
  } catch {
    return undefined
  }
}
