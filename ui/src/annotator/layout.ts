import { overlaps, type Mark, type Mention, type Range } from './model'

/** A piece of a paragraph with the same mentions and marks all through. */
export type Segment = Range & {
  /** Indices into the mentions, the outermost first. */
  mentions: number[]
  marks: Mark[]
  /** Those of `mentions` that end here, the innermost first. */
  ending: number[]
}

/** More signs than this are not drawn as one paragraph. */
const longest = 2_000

/**
 * Lines of the text that are not empty; a very long one in several parts. Each is drawn by itself. A browser lays a paragraph
 * out as a whole, so that to mark one word among ten thousand would cost what all of them do.
 */
export function paragraphsOf(text: string): Range[] {
  const paragraphs: Range[] = []
  let start = 0
  for (const line of text.split('\n')) {
    const end = start + line.length
    if (line.trim() !== '') {
      let from = start
      while (end - from > longest) {
        const cut = from + cutOf(text.slice(from, from + longest))
        paragraphs.push({ start: from, end: cut })
        // The blank is left out, as the end of a line is.
        from = /\s/.test(text[cut] ?? '') ? cut + 1 : cut
      }
      paragraphs.push({ start: from, end })
    }
    start = end + 1
  }
  return paragraphs
}

/** Where the first part of a long line ends: at a blank, best after a sentence, and not too near to its beginning. */
function cutOf(beginning: string): number {
  for (const end of [/[.!?]["')\]]*(\s)(?=["'([]*[\p{Lu}\p{N}])/gu, /[.!?;:]["')\]]*(\s)/gu, /(\s)/gu]) {
    const last = [...beginning.matchAll(end)].at(-1)
    const at = last ? last.index + last[0].length - 1 : 0
    if (at > beginning.length / 2) return at
  }
  // No blank far and wide; a sign of two code units stays whole.
  return beginning.length - (/[\uD800-\uDBFF]$/.test(beginning) ? 1 : 0)
}

const extent = (mention: Mention): Range => ({
  start: Math.min(...mention.ranges.map((range) => range.start)),
  end: Math.max(...mention.ranges.map((range) => range.end)),
})

/**
 * The lane of each mention's bar: 0 stands next to the words. Short mentions come first, so that an inner one is nearer
 * to its words than the one around it, and no two bars in one lane overlap.
 */
export function lanesOf(mentions: readonly Mention[]): number[] {
  const extents = mentions.map(extent)
  const order = mentions.map((_, index) => index)
  const length = (index: number) => (extents[index]?.end ?? 0) - (extents[index]?.start ?? 0)
  order.sort(
    (left, right) => length(left) - length(right) || (extents[left]?.start ?? 0) - (extents[right]?.start ?? 0),
  )
  const lanes: Range[][] = []
  const result = new Array<number>(mentions.length).fill(0)
  for (const index of order) {
    const here = extents[index]
    if (!here) continue
    let lane = 0
    while (lanes[lane]?.some((other) => overlaps(other, here))) lane += 1
    const row = (lanes[lane] ??= [])
    row.push(here)
    result[index] = lane
  }
  return result
}

/** Indices of mentions by paragraph; a mention that crosses a line end belongs to both. */
export function byParagraph(paragraphs: readonly Range[], mentions: readonly Mention[]): number[][] {
  const result: number[][] = paragraphs.map(() => [])
  const find = (offset: number) => {
    let low = 0
    let high = paragraphs.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((paragraphs[middle]?.end ?? 0) <= offset) low = middle + 1
      else high = middle
    }
    return low
  }
  mentions.forEach((mention, index) => {
    for (const range of mention.ranges) {
      for (let place = find(range.start); place < paragraphs.length; place += 1) {
        const paragraph = paragraphs[place]
        if (!paragraph || paragraph.start >= range.end) break
        const row = result[place]
        if (row && row.at(-1) !== index) row.push(index)
      }
    }
  })
  return result
}

/**
 * Cuts a paragraph wherever a mention or a mark begins or ends. Each of them is put into the pieces that it covers, and not each
 * piece held against all of them: a paragraph may have hundreds of both.
 */
export function segmentsOf(
  paragraph: Range,
  mentions: readonly Mention[],
  indices: readonly number[],
  marks: readonly Mark[],
): Segment[] {
  const here = marks.filter((mark) => overlaps(mark, paragraph))
  const cuts = new Set([paragraph.start, paragraph.end])
  const cut = (range: Range) => {
    if (range.start > paragraph.start && range.start < paragraph.end) cuts.add(range.start)
    if (range.end > paragraph.start && range.end < paragraph.end) cuts.add(range.end)
  }
  for (const index of indices) mentions[index]?.ranges.forEach(cut)
  here.forEach(cut)
  const places = [...cuts].sort((left, right) => left - right)
  const segments = places
    .slice(0, -1)
    .map((start, place): Segment => ({ start, end: places[place + 1] ?? start, mentions: [], ending: [], marks: [] }))
  const pieceAt = new Map(places.map((offset, place) => [offset, place]))
  const covered = (range: Range) =>
    overlaps(range, paragraph)
      ? segments.slice(
          pieceAt.get(Math.max(range.start, paragraph.start)),
          pieceAt.get(Math.min(range.end, paragraph.end)),
        )
      : []
  for (const index of indices) {
    for (const range of mentions[index]?.ranges ?? []) {
      for (const segment of covered(range)) if (segment.mentions.at(-1) !== index) segment.mentions.push(index)
    }
  }
  for (const mark of here) for (const segment of covered(mark)) segment.marks.push(mark)
  const length = (index: number) => {
    const whole = mentions[index] && extent(mentions[index])
    return whole ? whole.end - whole.start : 0
  }
  for (const segment of segments) {
    segment.mentions.sort((left, right) => length(right) - length(left) || left - right)
    segment.ending = segment.mentions.filter((index) => mentions[index]?.ranges.at(-1)?.end === segment.end).reverse()
  }
  return segments
}
