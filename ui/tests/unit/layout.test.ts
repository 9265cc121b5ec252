import { describe, expect, test } from 'vitest'
import { byParagraph, lanesOf, paragraphsOf, segmentsOf } from '../../src/annotator/layout'
import type { Mention } from '../../src/annotator/model'
import { chance } from '../../src/host/scripted/chance'

const mention = (start: number, end: number, id = `${String(start)}-${String(end)}`): Mention => ({
  id,
  ranges: [{ start, end }],
  type: 'Chemical',
  state: 'suggested',
})

describe('lanes', () => {
  test('apart: one lane; nested: the inner one next to the words; crossing: two lanes', () => {
    expect(lanesOf([mention(0, 5), mention(6, 9)])).toEqual([0, 0])
    expect(lanesOf([mention(0, 20), mention(5, 9)])).toEqual([1, 0])
    expect(lanesOf([mention(0, 10), mention(5, 15)]).sort()).toEqual([0, 1])
    expect(lanesOf([mention(0, 20), mention(0, 5), mention(10, 20)])).toEqual([1, 0, 0])
  })

  test('no two bars of one lane overlap, whatever the mentions are', () => {
    for (let round = 0; round < 50; round += 1) {
      const mentions = Array.from({ length: 30 }, (_, place) => {
        const start = Math.floor(chance(round, place) * 200)
        return mention(start, start + 1 + Math.floor(chance(place, round) * 40))
      })
      const lanes = lanesOf(mentions)
      for (const [left, one] of mentions.entries()) {
        for (const [right, other] of mentions.entries()) {
          const [a, b] = [one.ranges[0], other.ranges[0]]
          if (left < right && lanes[left] === lanes[right] && a && b)
            expect(a.start < b.end && b.start < a.end).toBe(false)
        }
      }
    }
  })
})

describe('segments', () => {
  const paragraph = { start: 10, end: 60 }

  test('cover the paragraph without gap or overlap, and name what covers them', () => {
    for (let round = 0; round < 50; round += 1) {
      const mentions = Array.from({ length: 12 }, (_, place) => {
        const start = Math.floor(chance(round, place, 'start') * 70)
        return mention(start, start + 1 + Math.floor(chance(place, round) * 20))
      })
      const segments = segmentsOf(paragraph, mentions, byParagraph([paragraph], mentions)[0] ?? [], [
        { start: 20, end: 30, kind: 'evidence' },
      ])
      expect(segments[0]?.start).toBe(10)
      expect(segments.at(-1)?.end).toBe(60)
      segments.forEach((segment, place) => {
        if (place > 0) expect(segment.start).toBe(segments[place - 1]?.end)
        const expected = mentions.flatMap(({ ranges: [range] }, index) =>
          range && range.start < segment.end && range.end > segment.start ? [index] : [],
        )
        expect([...segment.mentions].sort((a, b) => a - b)).toEqual(expected)
      })
    }
  })

  test('the outermost mention comes first, and a discontinuous one ends once', () => {
    const split: Mention = {
      ...mention(12, 16, 'split'),
      ranges: [
        { start: 12, end: 16 },
        { start: 30, end: 34 },
      ],
    }
    const segments = segmentsOf(paragraph, [mention(12, 40), split], [0, 1], [])
    expect(segments.filter((segment) => segment.mentions.includes(1)).map((segment) => segment.start)).toEqual([12, 30])
    expect(segments.filter((segment) => segment.ending.includes(1)).map((segment) => segment.end)).toEqual([34])
    expect(segments.find((segment) => segment.start === 12)?.mentions).toEqual([0, 1])
  })

  test('paragraphs are the lines that hold something', () => {
    expect(paragraphsOf('Title\n\n  \r\nOne.\nTwo.')).toEqual([
      { start: 0, end: 5 },
      { start: 11, end: 15 },
      { start: 16, end: 20 },
    ])
  })

  test('a very long line is drawn in parts that end with sentences, and nothing of it is lost', () => {
    const sentence = 'Inventin 12 was given, e.g. by mouth, and fictitis went away. '
    for (const line of [
      sentence.repeat(200).trim(),
      'word '.repeat(2_000).trim(),
      'x'.repeat(5_000),
      '😀'.repeat(2_500),
    ]) {
      const text = `Title\n${line}\nEnd.`
      const parts = paragraphsOf(text)
      const [, ...rest] = parts
      const middle = rest.slice(0, -1)
      expect(middle.length).toBeGreaterThan(2)
      expect(Math.max(...middle.map((part) => part.end - part.start))).toBeLessThanOrEqual(2_000)
      expect(Math.min(...middle.slice(0, -1).map((part) => part.end - part.start))).toBeGreaterThan(900)
      const words = middle.map((part) => text.slice(part.start, part.end))
      expect(words.join(line.includes(' ') ? ' ' : '')).toBe(line)
      expect(words.some((part) => /^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/.test(part))).toBe(false)
      if (line.includes('.')) expect(words.every((part) => part.endsWith('went away.'))).toBe(true)
      expect(text.slice(parts.at(-1)?.start)).toBe('End.')
    }
  })
})
