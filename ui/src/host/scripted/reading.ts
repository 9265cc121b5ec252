/** How the twin reads a text: sentences, names, and relations by plain cues. No model, but the same shapes. */

import type {
  Content,
  EvidenceReading,
  Figure,
  Grade,
  LabelScore,
  Participant,
  Prediction,
  Probabilities,
  RelationTask,
  Span,
  Warning,
  WarningKind,
} from '../types'
import { chance } from './chance'
import { conceptsOf, lookUp, names } from './lexicon'

export function sentencesOf(text: string): Span[] {
  const spans: Span[] = []
  const ends = /(?<=[.!?])\s+(?=[A-Z0-9"(])|\n+/g
  let start = 0
  for (const end of text.matchAll(ends)) {
    if (end.index > start) spans.push({ start, end: end.index })
    start = end.index + end[0].length
  }
  if (start < text.length) spans.push({ start, end: text.length })
  return spans
}

export type Named = { span: Span; text: string; type: string; grade: Grade; key: string }

const namePattern = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:${names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})(?![\\p{L}\\p{N}])`,
  'giu',
)

export function namedIn(text: string): Named[] {
  return [...text.matchAll(namePattern)].map((match) => {
    const known = lookUp(match[0])
    const grade: Grade =
      known?.canonical === true
        ? match[0] === known.name
          ? 'exact'
          : 'case'
        : match[0] === match[0].toUpperCase()
          ? 'abbreviation'
          : 'alias'
    return {
      span: { start: match.index, end: match.index + match[0].length },
      text: match[0],
      type: known?.type ?? 'Chemical',
      grade,
      key: known?.name ?? match[0],
    }
  })
}

const cues = {
  negation: /\b(no|not|without|did not|absence of|never)\b/i,
  hedging: /\b(may|might|could|possibly|probably|suggests?|consistent with)\b/i,
}

function warningsIn(text: string, sentence: Span): Warning[] {
  const words = text.slice(sentence.start, sentence.end)
  return (['negation', 'hedging'] as const).flatMap((type) => {
    const cue = cues[type].exec(words)
    if (!cue) return []
    const start = sentence.start + cue.index
    return [{ type, span: { start, end: start + cue[0].length }, text: cue[0] }]
  })
}

/** What a sentence with both names says of their relation: a twin of the real rules for the plainest cases. */
function readingOf(start: number, warnings: Warning[]): EvidenceReading {
  const cue = (type: WarningKind) => warnings.find((one) => one.type === type)?.text
  const [denial, doubt] = [cue('negation'), cue('hedging')]
  const place = start === 0 ? 'title' : 'abstract'
  if (doubt) return { stance: 'partly', place, reason: `hedged by “${doubt}”` }
  if (denial) return { stance: 'contradicts', place, reason: `denied by “${denial}”` }
  return { stance: 'supports', place, reason: 'said without denial or doubt' }
}

const roles: Record<RelationTask, { types: [string, string]; roles: [string, string] }> = {
  bc5cdr: { types: ['Chemical', 'Disease'], roles: ['Chemical', 'Disease'] },
  ddi: { types: ['Chemical', 'Chemical'], roles: ['drug', 'target'] },
  kdDti: { types: ['Chemical', 'Gene'], roles: ['drug', 'target'] },
}

function typeOf(task: RelationTask, words: string): string {
  if (task === 'bc5cdr') return 'CID'
  if (task === 'ddi') {
    if (/\b(should|avoid|recommend|contraindicat)/i.test(words)) return 'advise'
    if (/\b(concentration|clearance|curve|exposure|level)/i.test(words)) return 'mechanism'
    return /\b(effect|pain|bleed|rhabdo)/i.test(words) ? 'effect' : 'int'
  }
  if (/\b(inhibit|suppress|block|lower)/i.test(words)) return 'inhibitor'
  return /\b(activat|agonist)/i.test(words) ? 'activator' : 'binder'
}

const round = (value: number) => Math.round(value * 1000) / 1000

export function predictionsIn(text: string, task: RelationTask, run: number, modelId: string): Prediction[] {
  const { types, roles: parts } = roles[task]
  const named = namedIn(text)
  const found = new Map<string, Prediction>()
  for (const sentence of sentencesOf(text)) {
    const here = named.filter((name) => name.span.start >= sentence.start && name.span.end <= sentence.end)
    const words = text.slice(sentence.start, sentence.end)
    here.forEach((first, place) => {
      const others = types[0] === types[1] ? here.slice(place + 1) : here
      for (const second of others) {
        if (first.type !== types[0] || second.type !== types[1] || first.key === second.key) continue
        const type = typeOf(task, words)
        const key = `${first.key}|${second.key}|${type}`
        if (found.has(key)) continue
        const luck = chance(modelId, key, task)
        if (luck < 0.12) continue
        const warnings = warningsIn(text, sentence)
        const strong =
          /\b(induc|caus|developed|associated|increas|rais|inhibit|activat|should|block|reduc|follow)/i.test(words)
        const score = round(
          Math.min(0.985, Math.max(0.06, 0.34 + 0.42 * luck + (strong ? 0.24 : 0) - (warnings.length ? 0.27 : 0))),
        )
        const participants = [first, second].map((one, index): Participant => ({
          role: parts[index] ?? '',
          name: one.text,
          spans: [one, ...named.filter((other) => other.key === one.key && other !== one)].map((other) => other.span),
          concepts: conceptsOf(one.text),
          grade: one.grade,
        }))
        const figures: Figure[] = [
          { name: 'log probability', value: -round(0.2 + (1 - score) * 2.4) },
          { name: 'against none', value: round((score - 0.5) * 6) },
          { name: 'against swapped', value: round(1.4 + luck * 3) },
        ]
        found.set(key, {
          run,
          content: { kind: 'relation', type, participants },
          score,
          maskedMass: round(chance('mask', modelId, key) ** 3 * 0.6),
          maskedMasses: [],
          figures,
          evidence: [{ ...sentence, reading: readingOf(sentence.start, warnings) }],
          grade: first.grade === 'exact' ? second.grade : first.grade,
          warnings,
        })
      }
    })
  }
  return [...found.values()].sort((left, right) => (left.evidence[0]?.start ?? 0) - (right.evidence[0]?.start ?? 0))
}

export function mentionsIn(text: string, run: number): Prediction[] {
  return namedIn(text).map((name) => ({
    run,
    content: { kind: 'entity', type: name.type, spans: [name.span], text: name.text, concepts: conceptsOf(name.text) },
    score: round(0.82 + 0.17 * chance(name.text, name.span.start)),
    maskedMass: null,
    maskedMasses: [],
    figures: [],
    evidence: [],
    grade: name.grade,
    warnings: [],
  }))
}

export function signatureOf(content: Content): string {
  const thing = (name: string, ids: { id: string }[]) => ids[0]?.id ?? name.toLowerCase()
  switch (content.kind) {
    case 'entity':
      return `entity|${content.type}|${content.spans.map((span) => `${String(span.start)}-${String(span.end)}`).join(',')}`
    case 'relation':
      return `relation|${content.type}|${content.participants
        .map((one) => `${one.role}=${thing(one.name, one.concepts)}`)
        .sort()
        .join('|')}`
    case 'label':
      return `label|${content.label}|${content.span ? String(content.span.start) : ''}`
    case 'answer':
      return `answer|${content.question.toLowerCase()}|${content.verdict}`
  }
}

const stop = new Set(
  'the and for with that was were did does has have from this into when than are its any can'.split(' '),
)
const wordsOf = (text: string) =>
  new Set((text.toLowerCase().match(/[\p{L}\p{N}-]{3,}/gu) ?? []).filter((word) => !stop.has(word)))

function lean(question: string, sentences: string[]): number {
  const asked = wordsOf(question)
  let sum = 0.15
  for (const sentence of sentences) {
    const shared = [...wordsOf(sentence)].filter((word) => asked.has(word)).length
    if (shared === 0) continue
    sum += shared * (cues.negation.test(sentence) ? -0.55 : 0.62) * (0.7 + 0.6 * chance(sentence))
  }
  return Math.tanh(sum / 2.2) * 1.25
}

function toProbabilities(weight: number, hedged: number): Probabilities {
  const scores = [weight, -weight, 0.35 + hedged * 0.25 - Math.abs(weight) * 0.5].map(Math.exp)
  const total = scores.reduce((left, right) => left + right, 0)
  const [yes = 0, no = 0] = scores.map((score) => round(score / total))
  return { yes, no, maybe: round(1 - yes - no) }
}

export function answerOf(question: string, text: string, without?: Span): Probabilities {
  const kept = sentencesOf(text).filter((span) => span.start !== without?.start)
  const sentences = kept.map((span) => text.slice(span.start, span.end))
  const asked = wordsOf(question)
  const hedged = sentences.filter(
    (sentence) => cues.hedging.test(sentence) && [...wordsOf(sentence)].some((word) => asked.has(word)),
  ).length
  return toProbabilities(lean(question, sentences), hedged)
}

const hallmarks: [string, RegExp][] = [
  ['activating invasion and metastasis', /\b(invasion|metasta|migration)/i],
  ['avoiding immune destruction', /\b(immune|lymphocyt|checkpoint)/i],
  ['cellular energetics', /\b(glucose|lactate|metaboli|glycoly)/i],
  ['enabling replicative immortality', /\b(telomer|senescen)/i],
  ['evading growth suppressors', /\b(p53|suppressor|RB1)/i],
  ['genomic instability and mutation', /\b(DNA damage|mutation|genomic)/i],
  ['inducing angiogenesis', /\b(angiogen|vessel|tube formation|VEGF)/i],
  ['resisting cell death', /\b(apopto|caspase|cell death)/i],
  ['sustaining proliferative signaling', /\b(prolifer|growth signal|EGFR|ERK|BRAF)/i],
  ['tumor promoting inflammation', /\b(inflamm|cytokine|NF-)/i],
]

export const hallmarkNames = hallmarks.map(([name]) => name)

/** From here on a sentence has a label. */
export const labelThreshold = 0.5

export function labelsOf(sentence: string): LabelScore[] {
  return hallmarks.map(([label, cue]) => ({
    label,
    probability: round(
      cue.test(sentence) ? 0.58 + 0.4 * chance(label, sentence) : 0.01 + 0.11 * chance(sentence, label) ** 2,
    ),
  }))
}
