import type { Range } from './model'

const tokenPattern = /[\p{L}\p{N}\p{M}]+|[^\s\p{L}\p{N}\p{M}]/gu

/** Words and single signs, in order. */
export function tokensOf(text: string): Range[] {
  return [...text.matchAll(tokenPattern)].map((match) => ({ start: match.index, end: match.index + match[0].length }))
}

/** Index of the first token that ends after `offset`; `tokens.length` if none does. */
export function tokenFrom(tokens: readonly Range[], offset: number): number {
  let low = 0
  let high = tokens.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((tokens[middle]?.end ?? 0) <= offset) low = middle + 1
    else high = middle
  }
  return low
}

/** The range grown to whole tokens and freed of blanks at its ends; null where it holds no token. */
export function snap(tokens: readonly Range[], range: Range): Range | null {
  const first = tokens[tokenFrom(tokens, range.start)]
  if (!first || first.start >= range.end) return null
  let last = first
  for (let place = tokenFrom(tokens, range.start); ; place += 1) {
    const token = tokens[place]
    if (!token || token.start >= range.end) break
    last = token
  }
  return { start: first.start, end: last.end }
}

/** The range as it is, without blanks at its ends. */
export function trim(text: string, range: Range): Range | null {
  let { start, end } = range
  while (start < end && /\s/.test(text[start] ?? '')) start += 1
  while (end > start && /\s/.test(text[end - 1] ?? '')) end -= 1
  return start < end ? { start, end } : null
}

/** The cursor moved by whole tokens, or its moving end when `extend`. */
export function moveCursor(tokens: readonly Range[], cursor: Range, by: number, extend: boolean): Range {
  if (tokens.length === 0) return cursor
  const clamp = (place: number) => Math.min(tokens.length - 1, Math.max(0, place))
  const first = clamp(tokenFrom(tokens, cursor.start))
  const last = clamp(tokenFrom(tokens, cursor.end - 1))
  if (extend) {
    const end = tokens[Math.max(first, clamp(last + by))]
    return { start: cursor.start, end: end?.end ?? cursor.end }
  }
  const token = tokens[clamp((by > 0 ? last : first) + by)]
  return token ?? cursor
}

/** The first word from an offset on, and then from the beginning, that begins with these letters. */
export function wordBeginning(text: string, tokens: readonly Range[], offset: number, letters: string): Range | null {
  const from = tokenFrom(tokens, offset)
  const order = [...tokens.slice(from), ...tokens.slice(0, from)]
  return (
    order.find(
      (token) =>
        text.slice(token.start, token.start + letters.length).toLowerCase() === letters &&
        token.end - token.start >= letters.length,
    ) ?? null
  )
}
