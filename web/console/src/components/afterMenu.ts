/** How many pictures of the screen a menu may take to close. */
const MOST = 60

/**
 * Does what was chosen in a menu once the menu is gone and the focus is back at the button that opened it: a dialog
 * that opens then keeps the focus, and gives it back to that button when it closes.
 */
export function afterMenu(act: () => void): void {
  const button = document.querySelector<HTMLElement>('[aria-haspopup=menu][aria-expanded=true]') ?? document.querySelector<HTMLElement>('.el-dropdown [aria-expanded=true]')
  let left = MOST
  const look = (): void => {
    const open = [...document.querySelectorAll('.el-dropdown__popper')].some((menu) => menu.checkVisibility())
    if (open && left-- > 0) requestAnimationFrame(look)
    else {
      button?.focus()
      act()
    }
  }
  requestAnimationFrame(look)
}
