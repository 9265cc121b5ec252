/** Numbers, sizes and times as people read them. */

const numbers = new Intl.NumberFormat('en')

export const count = (value: number) => numbers.format(value)

export const plural = (value: number, one: string, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`

/** How many a minute: no more digits than one believes. */
export const rate = (value: number) => count(Number(value.toPrecision(value < 1 ? 1 : 2)))

export const percent = (value: number, digits = 0) => `${(value * 100).toFixed(digits)}\u202f%`

/** A probability as a figure: `.82`, `1.00`. */
export const probability = (value: number) => value.toFixed(2)

export function bytes(value: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  let unit = 0
  let size = value
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000
    unit += 1
  }
  return `${size >= 100 || unit === 0 ? size.toFixed(0) : size.toFixed(1)}\u202f${units[unit] ?? ''}`
}

export function parameters(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(2)} billion`
  return `${(value / 1e6).toFixed(value >= 1e8 ? 0 : 1)} million`
}

export function duration(seconds: number): string {
  if (seconds < 60) return `${String(Math.max(1, Math.round(seconds)))} s`
  if (seconds < 3600) return `${String(Math.round(seconds / 60))} min`
  const hours = Math.floor(seconds / 3600)
  return `${String(hours)} h ${String(Math.round((seconds % 3600) / 60))} min`
}

/** `just now`, `5 min ago`, `yesterday`, `18 Nov 2026`. */
export function ago(then: number, now: number): string {
  const seconds = (now - then) / 1000
  if (seconds < 60) return 'just now'
  if (seconds < 3600) return `${String(Math.floor(seconds / 60))} min ago`
  if (seconds < 86_400) return `${String(Math.floor(seconds / 3600))} h ago`
  if (seconds < 2 * 86_400) return 'yesterday'
  if (seconds < 7 * 86_400) return `${String(Math.floor(seconds / 86_400))} days ago`
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' }).format(then)
}

export const clockTime = (then: number) =>
  new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' }).format(then)

export const fileName = (path: string) => path.split(/[/\\]/).at(-1) ?? path

/** Text cut into plain and highlighted pieces. */
export function pieces(
  text: string,
  highlights: readonly { start: number; end: number }[],
): { text: string; marked: boolean }[] {
  const result: { text: string; marked: boolean }[] = []
  let at = 0
  for (const { start, end } of [...highlights].sort((left, right) => left.start - right.start)) {
    if (start < at) continue
    if (start > at) result.push({ text: text.slice(at, start), marked: false })
    result.push({ text: text.slice(start, end), marked: true })
    at = end
  }
  if (at < text.length) result.push({ text: text.slice(at), marked: false })
  return result
}

/** With a capital first letter. */
export const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
