/** What is selected in a part of the page, where some of it was written by a model (`data-mark`): with the marks; null otherwise. */
export function selectedWithMarks(root: HTMLElement): string | null {
  const selection = document.getSelection()
  if (!selection || selection.isCollapsed || selection.rangeCount === 0) return null
  const range = selection.getRangeAt(0)
  const touched = [...root.querySelectorAll<HTMLElement>('[data-mark]')].filter((one) => range.intersectsNode(one))
  if (touched.length === 0) return null
  const around = range.commonAncestorContainer
  const element = around instanceof Element ? around : around.parentElement
  const whole = element?.closest<HTMLElement>('[data-mark]')
  if (whole) return `${range.toString().trim()} ${whole.dataset['mark'] ?? ''}`
  const fragment = range.cloneContents()
  for (const one of fragment.querySelectorAll<HTMLElement>('[data-mark]'))
    if (one.textContent.trim() !== '') one.append(` ${one.dataset['mark'] ?? ''}\n`)
  return fragment.textContent.replace(/[ \t]+/g, ' ').trim()
}
