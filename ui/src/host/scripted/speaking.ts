// Which sentences of a text speak about a question: a stand-in for the engine's rules, good enough for the samples.

import type { EvidenceSentence, Sought, Span, Stance, Verdict } from '../types'
import { sentencesOf } from './reading'

const frame = new Set(
  'does do did is are was were can should the a an of in with by on to for risk cause causes increase increases reduce reduces inhibit inhibits lead be any and or exposure patients combined'.split(
    ' ',
  ),
)
/** The names of the samples that mean the same. */
const synonyms: Record<string, string[]> = {
  hepatotoxicity: ['liver injury', 'hepatotoxic', 'liver failure', 'jaundice', 'hepatitis'],
  hepatitis: ['hepatotoxicity', 'liver injury'],
}
const verdictOf: Record<Stance, Verdict> = { for: 'yes', against: 'no', unclear: 'maybe' }
const denied = /\b(no|not|without|never|neither)\b|n['’]t\b/i
const hedged = /\b(may|might|could|possibl[ey]|unclear)\b/i

export function speaking(
  question: string,
  text: string,
): { evidence: EvidenceSentence[]; sought: Sought[]; verdict: Verdict } {
  const words = [...question.matchAll(/[\p{L}\p{N}-]+/gu)].map(([word]) => word)
  const parts = words.filter((word) => !frame.has(word.toLowerCase()))
  const places = (part: string, sentence: string): Span[] =>
    [part, ...(synonyms[part.toLowerCase()] ?? [])].flatMap((name) => {
      const start = sentence.toLowerCase().indexOf(name.toLowerCase().replace(/s$/, ''))
      return start < 0 ? [] : [{ start, end: start + name.length }]
    })
  const sentences = sentencesOf(text).map((span) => ({ span, sentence: text.slice(span.start, span.end) }))
  const evidence = sentences.flatMap(({ span, sentence }): EvidenceSentence[] => {
    const named = parts.map((part) => places(part, sentence))
    if (parts.length === 0 || span.start === 0 || named.some((one) => one.length === 0)) return []
    const cue = (pattern: RegExp) => pattern.exec(sentence)?.[0]
    const [doubt, denial] = [cue(hedged), cue(denied)]
    const stance = doubt ? 'unclear' : denial ? 'against' : 'for'
    const reason = doubt ? `hedged by “${doubt}”` : denial ? `denied by “${denial}”` : 'said without denial or doubt'
    const inside = named.flat().sort((left, right) => left.start - right.start)
    return [{ span, text: sentence, named: inside, stance, reason }]
  })
  const sought = parts.map((part) => ({
    words: part,
    names: synonyms[part.toLowerCase()] ?? [],
    found: sentences.filter(({ sentence }) => places(part, sentence).length > 0).length,
  }))
  const first = evidence[0]
  return { evidence, sought, verdict: first ? verdictOf[first.stance] : 'notStated' }
}
