/** What a candidate says, sentence by sentence, with what sources say of it. */

import type { Alarm, AlarmKind, CheckedSentence, CheckedText, Token } from '../../host/types'
import { capital } from '../../shared/format'
import type { Candidate } from './describing.svelte'
import { noSource } from './generated'

/** What is inserted or copied: of a candidate that was cut at its length, the sentences that are whole. */
export function textOf(candidate: Candidate): string {
  const text = candidate.tokens
    .map((token) => token.text)
    .join('')
    .trim()
  const ends = candidate.ended === 'length' ? [...text.matchAll(/[.!?](?=\s|$)/g)].at(-1) : undefined
  return ends === undefined ? text : text.slice(0, ends.index + 1)
}

/** What a description begins with. */
export const headOf = (term: string) => `${capital(term)} is `

/** A candidate as a text of its own: what is checked. */
export const sentenceOf = (term: string, candidate: Candidate) => headOf(term) + textOf(candidate)

type Piece = { text: string; token: Token | null; place: number; alarm: Alarm | null }
/** `checked`: null for what was not checked, or not yet. */
export type Group = { checked: CheckedSentence | null; pieces: Piece[] }

/** A candidate's tokens by the sentence that they belong to, each with the alarm that it is a part of. */
export function groupsOf(term: string, candidate: Candidate, checked: CheckedText | null): Group[] {
  const groups: Group[] = []
  const add = (from: number, piece: Omit<Piece, 'alarm'>) => {
    const words = from + piece.text.length - piece.text.trimStart().length
    const end = from + piece.text.length
    const sentence = checked?.sentences.find(({ span }) => words < span.end && end > span.start) ?? null
    const alarm = sentence?.alarms.find(({ span }) => words < span.end && end > span.start) ?? null
    const last = groups.at(-1)
    // White space belongs to what it follows.
    if (last && (last.checked === sentence || piece.text.trim() === '')) last.pieces.push({ ...piece, alarm })
    else groups.push({ checked: sentence, pieces: [{ ...piece, alarm }] })
  }
  const head = headOf(term)
  add(0, { text: head, token: null, place: -1 })
  let at = head.length
  let begun = false
  for (const [place, token] of candidate.tokens.entries()) {
    // The text is checked without the blanks that it may begin with.
    const text = begun ? token.text : token.text.trimStart()
    if (text === '') continue
    begun = true
    add(at, { text, token, place })
    at += text.length
  }
  return groups
}

/** A candidate as it leaves Osler: each sentence with its mark. */
export function markedText(term: string, candidate: Candidate): string {
  const text = sentenceOf(term, candidate)
  const sentences = candidate.checked?.sentences ?? []
  if (sentences.length === 0) return `${text} ${noSource}`
  return sentences.map(({ span, mark }) => `${text.slice(span.start, span.end)} ${mark}`).join(' ')
}

const alarmWords: Record<AlarmKind, string> = {
  number: 'number',
  dose: 'dose',
  name: 'name',
  negation: '',
}

/** What no source has of a sentence, in words. */
export function alarmsOf({ alarms }: CheckedSentence, text: string): string[] {
  const said = alarms.map(({ kind, span }) => {
    const words = text.slice(span.start, span.end)
    return kind === 'negation'
      ? `Sources say the opposite, or deny it: “${words}”`
      : `In no source: ${alarmWords[kind]} “${words}”`
  })
  return [...new Set(said)]
}
