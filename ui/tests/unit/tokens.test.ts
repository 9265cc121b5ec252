import { describe, expect, test } from 'vitest'
import { moveCursor, snap, tokenFrom, tokensOf, trim } from '../../src/annotator/tokens'

const words = (text: string) => tokensOf(text).map(({ start, end }) => text.slice(start, end))

describe('tokens', () => {
  test('words, signs, and letters beyond the first plane', () => {
    expect(words('IL-2, β-blocker (n = 11).')).toEqual([
      'IL',
      '-',
      '2',
      ',',
      'β',
      '-',
      'blocker',
      '(',
      'n',
      '=',
      '11',
      ')',
      '.',
    ])
    expect(words('𝛼-synuclein na\u0308ive')).toEqual(['𝛼', '-', 'synuclein', 'na\u0308ive'])
    expect(words('  ')).toEqual([])
  })

  test.each([
    ['grows a cut word', 4, 8, 'amiodarone'],
    ['keeps whole words', 0, 14, 'amiodarone and'],
    ['leaves blanks out', 10, 15, 'and'],
    ['takes a sign alone', 24, 25, '.'],
  ])('%s', (_, start, end, expected) => {
    const text = 'amiodarone and dronedaro. x'.replace('dronedaro', 'dronedaro')
    const range = snap(tokensOf(text), { start, end })
    expect(range && text.slice(range.start, range.end)).toBe(expected)
  })

  test('a selection without a word is none', () => {
    expect(snap(tokensOf('a   b'), { start: 2, end: 3 })).toBeNull()
    expect(trim('a   b', { start: 1, end: 4 })).toBeNull()
  })

  test('an exact selection keeps a part of a word, without blanks at its ends', () => {
    expect(trim('non-small cell', { start: 3, end: 10 })).toEqual({ start: 3, end: 9 })
  })

  test('the cursor moves by words, extends, and stays inside', () => {
    const tokens = tokensOf('one two three')
    expect(moveCursor(tokens, { start: 0, end: 3 }, 1, false)).toEqual({ start: 4, end: 7 })
    expect(moveCursor(tokens, { start: 0, end: 3 }, 1, true)).toEqual({ start: 0, end: 7 })
    expect(moveCursor(tokens, { start: 0, end: 7 }, -1, true)).toEqual({ start: 0, end: 3 })
    expect(moveCursor(tokens, { start: 0, end: 3 }, -1, true)).toEqual({ start: 0, end: 3 })
    expect(moveCursor(tokens, { start: 8, end: 13 }, 1, false)).toEqual({ start: 8, end: 13 })
  })

  test('finds the token at an offset among many', () => {
    const text = 'word '.repeat(10_000)
    expect(tokenFrom(tokensOf(text), 24_998)).toBe(4_999)
    expect(tokenFrom(tokensOf(text), 0)).toBe(0)
  })
})
