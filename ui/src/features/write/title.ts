/** A draft is called by its first line, without the signs of Markdown. */
export function titleOf(text: string): string {
  const line = text.split('\n').find((one) => one.trim() !== '') ?? ''
  return line
    .replace(/^[#>\s*+-]+/, '')
    .replace(/[*_`]/g, '')
    .trim()
    .slice(0, 90)
}
