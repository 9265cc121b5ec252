/** What the twin knows of a few terms, and how it holds a text against sources: plain words, in the shapes of the real host. */

import type { Host } from '../interface'
import type * as wire from '../types'
import { lookUp as named, names } from './lexicon'
import { namedIn, sentencesOf } from './reading'
import { failure, type World } from './world'

type Knowledge = Pick<Host, 'lookUp' | 'checkSupport'>
type Text = Omit<wire.SourcedText, 'number' | 'citation'>
type Meaning = Omit<wire.TermMeaning, 'texts'> & { texts: Text[] }

const text = (term: string, words: string, more: Partial<Text> = {}): Text => ({
  term,
  text: words,
  nature: 'definition',
  source: 'Glossary of the twin',
  release: '2026-10',
  licence: 'CC0 1.0',
  id: '',
  pmid: '',
  title: '',
  ...more,
})

const meaning = (name: string, kind: string, ids: string[], texts: Text[]): Meaning => ({
  name,
  kind,
  ids,
  texts: texts.map((one) => (one.id === '' && one.pmid === '' ? { ...one, id: ids[0] ?? '' } : one)),
})

const amiodarone = meaning(
  'Amiodarone',
  'Chemical',
  ['MESH:D000638', 'CHEBI:2663'],
  [
    text(
      'amiodarone',
      'A class III antiarrhythmic agent that prolongs the duration of the action potential. It is used against supraventricular and ventricular arrhythmias.',
    ),
    text('amiodarone', 'antiarrhythmic agent; vasodilator agent; potassium channel blocker', {
      nature: 'roles',
      source: 'Roles of the twin',
      licence: 'CC BY 4.0',
      id: 'CHEBI:2663',
    }),
    text(
      'amiodarone',
      'Amiodarone is an antiarrhythmic agent whose use is limited by its toxicity to the lung, the liver and the thyroid.',
      {
        nature: 'sentence',
        source: 'Open abstracts of the twin',
        release: '',
        licence: 'CC BY 4.0',
        pmid: '39104417',
        title: 'Thyroid function under amiodarone: an invented registry',
      },
    ),
  ],
)

const common = meaning(
  'common cold',
  'Disease',
  ['MESH:D003139', 'DOID:10459'],
  [
    text(
      'common cold',
      'An infection of the nose and the throat by a virus, with sneezing, a sore throat and a cough, that ends by itself.',
    ),
    text(
      'common cold',
      `A cold begins two or three days after the infection. ${'It makes the nose run, the throat sore and the head heavy, and it is caught from the hands and the breath of others. '.repeat(
        5,
      )}Nothing cures it; rest and drinking help.`,
      { source: 'Health topics of the twin', licence: 'CC BY 4.0' },
    ),
  ],
)
const lung = meaning(
  'chronic obstructive pulmonary disease',
  'Disease',
  ['MESH:D029424', 'DOID:3083'],
  [text('COPD', 'A disease of the lung in which the flow of air is obstructed for good, and slowly gets worse.')],
)
const temperature = meaning('cold temperature', 'Other', ['MESH:D003080'], [])

const known: Record<string, Meaning[]> = {
  amiodarone: [amiodarone],
  cordarone: [amiodarone],
  hepatotoxicity: [
    meaning(
      'Hepatotoxicity',
      'Disease',
      ['MESH:D056486'],
      [text('hepatotoxicity', 'Injury to the liver that is caused by a drug, a toxin or a herbal product.')],
    ),
  ],
  aspirin: [
    meaning(
      'Aspirin',
      'Chemical',
      ['MESH:D001241', 'CHEBI:15365'],
      [text('aspirin', 'A salicylate that is used against pain, fever and the clotting of blood.')],
    ),
  ],
  cold: [common, lung, temperature],
}

/** How many letters have to be changed, left out or put in to make one word of another. */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, place) => place)
  for (const [at, letter] of [...left].entries()) {
    const next = [at + 1]
    for (const [place, other] of [...right].entries())
      next.push(
        Math.min((row[place] ?? 0) + Number(letter !== other), (row[place + 1] ?? 0) + 1, (next[place] ?? 0) + 1),
      )
    row = next
  }
  return row.at(-1) ?? 0
}

const escaped = (name: string) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

const forms: [wire.DefiningForm, (name: string) => RegExp][] = [
  ['statement', (name) => new RegExp(`\\b${name} (?:is|are) (?:a|an|the) `, 'i')],
  ['apposition', (name) => new RegExp(`\\b${name}, (?:a|an|the) `, 'i')],
  ['clause', (name) => new RegExp(`\\b${name}, which `, 'i')],
  ['expansion', (name) => new RegExp(`\\b${name} \\([A-Z]{2,6}\\)|\\(${name}\\)`)],
]

function inLibrary(
  world: World,
  term: string,
): { sentences: Omit<wire.DefiningSentence, 'number'>[]; mentions: number } {
  const sentences: Omit<wire.DefiningSentence, 'number'>[] = []
  let mentions = 0
  for (const document of world.documents.values()) {
    for (const span of sentencesOf(document.text)) {
      const sentence = document.text.slice(span.start, span.end)
      const start = sentence.toLowerCase().indexOf(term)
      if (start < 0) continue
      const form = forms.find(([, pattern]) => pattern(escaped(term)).test(sentence))?.[0]
      if (!form) {
        mentions += 1
        continue
      }
      sentences.push({
        document: document.id,
        title: document.title,
        sourceId: document.sourceId,
        span,
        sentence,
        highlight: { start, end: start + term.length },
        form,
      })
    }
  }
  const rank = (form: wire.DefiningForm) => forms.findIndex(([one]) => one === form)
  return { sentences: sentences.sort((left, right) => rank(left.form) - rank(right.form)), mentions }
}

const citationOf = (one: Text) =>
  [
    one.source,
    one.release === '' ? '' : `release ${one.release}`,
    one.id,
    one.title === '' ? '' : `"${one.title}", PMID ${one.pmid}`,
    one.licence,
  ]
    .filter(Boolean)
    .join('; ')

const wordsOf = (words: string) => words.toLowerCase().match(/[\p{L}\p{N}-]{3,}/gu) ?? []
const denials = /\b(?:no|not|never|without)\b/i

/** Of a sentence's words, those that a source has, as a share. */
function share(sentence: string, source: wire.GivenSource): number {
  const own = wordsOf(sentence)
  const there = new Set([
    ...wordsOf(source.text),
    ...source.about.flatMap(wordsOf),
    'the',
    'and',
    'that',
    'which',
    'for',
  ])
  return own.length === 0 ? 0 : own.filter((word) => there.has(word)).length / own.length
}

function alarmsIn(
  sentence: string,
  at: number,
  sources: wire.GivenSource[],
  closest: wire.GivenSource | undefined,
): wire.Alarm[] {
  const all = sources.map((source) => [source.text, ...source.about].join(' ').toLowerCase()).join(' ')
  const place = (start: number, words: string): wire.Span => ({ start: at + start, end: at + start + words.length })
  const numbers = [...sentence.matchAll(/\d+(?:\.\d+)?(?:\s?(?:mg|g|ml|mg\/kg))?\b/g)]
    .filter(({ 0: words }) => !all.includes(words.toLowerCase()))
    .map(({ 0: words, index }): wire.Alarm => ({
      kind: /[a-z]/.test(words) ? 'dose' : 'number',
      span: place(index, words),
    }))
  const unknown = namedIn(sentence)
    .filter((one) => !all.includes(one.text.toLowerCase()))
    .map((one): wire.Alarm => ({ kind: 'name', span: place(one.span.start, one.text) }))
  const denied = denials.exec(sentence)
  const negation: wire.Alarm[] =
    denied && closest && !denials.test(closest.text) ? [{ kind: 'negation', span: place(denied.index, denied[0]) }] : []
  return [...numbers, ...unknown, ...negation].sort((left, right) => left.span.start - right.span.start)
}

function markOf(support: wire.Support, sources: wire.GivenSource[]): string {
  const labels = sources.slice(0, 3).map(({ label, number }) => label || String(number))
  if (support === 'supported') return `[generated, supported by ${labels.join('; ')}]`
  return support === 'partly' ? `[generated, partly supported by ${labels.join('; ')}]` : '[generated, no source]'
}

export function knowledge(world: World): Knowledge {
  return {
    lookUp: async (asked) => {
      const term = asked.trim().toLowerCase()
      if (term === '') throw failure('badInput', 'There is no term to look up.', 'Write one.')
      await world.clock.sleep(60)
      const entry = named(term)
      const meanings =
        known[term] ??
        (entry
          ? [
              {
                name: entry.name,
                kind: entry.type,
                ids: [`${entry.type === 'Gene' ? 'NCBIGENE' : 'MESH'}:${entry.id}`],
                texts: [],
              },
            ]
          : [])
      const { sentences, mentions } = inLibrary(world, term)
      const isKnown = meanings.some((one) => one.texts.length > 0) || sentences.length > 0
      let number = 0
      return {
        term: asked,
        known: isKnown,
        meanings: meanings.map((one) => ({
          ...one,
          texts: one.texts.map((text) => ({ ...text, number: (number += 1), citation: citationOf(text) })),
        })),
        library: sentences.slice(0, 20).map((sentence) => ({ ...sentence, number: (number += 1) })),
        libraryTotal: sentences.length,
        mentions,
        near: isKnown
          ? []
          : [...new Set([...Object.keys(known), ...names])]
              .map((name) => ({ name, far: distance(term, name) }))
              .filter(({ far }) => far <= 2)
              .sort((left, right) => left.far - right.far)
              .slice(0, 5)
              .map(({ name }) => name),
      }
    },

    checkSupport: async ({ text, sources }) => {
      const sentences = sentencesOf(text).map((span): wire.CheckedSentence => {
        const words = text.slice(span.start, span.end)
        const ranked = sources
          .map((source) => ({ source, share: share(words, source) }))
          .sort((left, right) => right.share - left.share)
        const of = (least: number) => ranked.filter((one) => one.share >= least).map(({ source }) => source)
        const alarms = alarmsIn(words, span.start, sources, of(0.5)[0])
        const support: wire.Support =
          of(0.5).length === 0 ? 'none' : of(0.8).length > 0 && alarms.length === 0 ? 'supported' : 'partly'
        const by = support === 'none' ? [] : support === 'supported' ? of(0.8) : of(0.5)
        return { span, support, sources: by.map((one) => one.number), alarms, mark: markOf(support, by) }
      })
      const supported = sentences.filter((one) => one.support === 'supported').length
      return { sentences, coverage: sentences.length === 0 ? 0 : supported / sentences.length }
    },
  }
}
