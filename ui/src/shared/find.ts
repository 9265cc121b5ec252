import type { Range } from '../annotator/model'

/** Where words stand in a text, whatever their case. */
export function placesOf(text: string, words: string): Range[] {
  const wanted = words.trim()
  if (wanted === '') return []
  const pattern = new RegExp(wanted.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/\s+/g, '\\s+'), 'giu')
  return [...text.matchAll(pattern)].map((match) => ({ start: match.index, end: match.index + match[0].length }))
}
