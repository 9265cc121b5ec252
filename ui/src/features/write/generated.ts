/** Text that a model wrote and the author has not accepted: marked in the editor until it is. */

import { RangeSet, StateEffect, StateField, type EditorState, type Extension, type Range } from '@codemirror/state'
import { Decoration, EditorView, type DecorationSet } from '@codemirror/view'
import type { GeneratedSpan, Token } from '../../host/types'

/** Below this probability a token is underlined. */
export const unsureBelow = 0.3

export const isUnsure = (token: Token) => Math.exp(token.logProbability) < unsureBelow && token.alternatives.length > 0

/** A token's words as they can be shown: some are only a blank. */
export const wordsOf = (token: { text: string }) => token.text.trim() || '␣'

/** What a token tells under the pointer: what else the model considered. No figure: how likely a word was says nothing about whether it is true. */
export const hintOf = (token: Token) =>
  `The model hesitated. Or: ${token.alternatives.map(wordsOf).join(', ')}. Click to choose.`

/** Stands wherever text of a model stands. */
export const unchecked = 'Not checked. May be false.'

export type Passage = { from: number; to: number; model: string; seed: number | null; tokens: Token[] }

export const addPassage = StateEffect.define<Passage>({
  map: (passage, changes) => ({
    ...passage,
    from: changes.mapPos(passage.from, 1),
    to: changes.mapPos(passage.to, -1),
  }),
})
/** Marks an unsure token that stands in the text. */
export const addUnsure = StateEffect.define<Unsure>({
  map: (unsure, changes) => ({ ...unsure, from: changes.mapPos(unsure.from, 1), to: changes.mapPos(unsure.to, -1) }),
})
/** Accepts what is marked between two places. */
export const acceptBetween = StateEffect.define<{ from: number; to: number }>()

export type Unsure = { token: Token; from: number; to: number }

type Spec = { passage: Omit<Passage, 'from' | 'to'> }

const passageMark = (passage: Passage) =>
  Decoration.mark({
    class: 'cm-generated',
    attributes: {
      title: `Written by ${passage.model}${passage.seed === null ? '' : `, seed ${String(passage.seed)}`}. ${unchecked}`,
    },
    passage: { model: passage.model, seed: passage.seed, tokens: passage.tokens },
    inclusive: false,
  }).range(passage.from, passage.to)

const unsureMark = (token: Token, from: number, to: number) =>
  Decoration.mark({ class: 'cm-unsure', attributes: { title: hintOf(token) }, token, inclusive: false }).range(from, to)

export const generatedField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    marks = marks.map(transaction.changes)
    for (const effect of transaction.effects) {
      if (effect.is(addPassage)) {
        const { value } = effect
        const added: Range<Decoration>[] = value.to > value.from ? [passageMark(value)] : []
        let at = value.from
        for (const token of value.tokens) {
          if (isUnsure(token) && at + token.text.length <= value.to)
            added.push(unsureMark(token, at, at + token.text.length))
          at += token.text.length
        }
        marks = marks.update({ add: added, sort: true })
      } else if (effect.is(addUnsure)) {
        const { token, from, to } = effect.value
        if (to > from) marks = marks.update({ add: [unsureMark(token, from, to)], sort: true })
      } else if (effect.is(acceptBetween)) {
        marks = marks.update({
          filterFrom: effect.value.from,
          filterTo: effect.value.to,
          filter: (from, to) => to < effect.value.from || from > effect.value.to,
        })
      }
    }
    return marks
  },
  provide: (field) => EditorView.decorations.from(field),
})

export const generatedText: Extension = generatedField

/** The marked passages, in order. */
export function passagesOf(state: EditorState): Passage[] {
  const found: Passage[] = []
  for (
    const cursor = (state.field(generatedField, false) ?? RangeSet.empty).iter();
    cursor.value !== null;
    cursor.next()
  ) {
    const { passage } = cursor.value.spec as Partial<Spec>
    if (passage) found.push({ from: cursor.from, to: cursor.to, ...passage })
  }
  return found
}

export const spansOf = (state: EditorState): GeneratedSpan[] =>
  passagesOf(state).map(({ from, to, model, seed }) => ({ span: { start: from, end: to }, model, seed }))

/** The unsure tokens that are still marked, in order. */
export function unsureOf(state: EditorState): Unsure[] {
  const found: Unsure[] = []
  for (
    const cursor = (state.field(generatedField, false) ?? RangeSet.empty).iter();
    cursor.value !== null;
    cursor.next()
  ) {
    const { token } = cursor.value.spec as { token?: Token }
    if (token) found.push({ token, from: cursor.from, to: cursor.to })
  }
  return found
}

/** The passage at a place, or the nearest after it, or the last. */
export function passageNear(state: EditorState, place: number): Passage | null {
  const passages = passagesOf(state)
  return passages.find((passage) => place <= passage.to) ?? passages.at(-1) ?? null
}

/** The unsure token at a place of the text, with where it stands. */
export function unsureAt(state: EditorState, place: number): Unsure | null {
  let found: Unsure | null = null
  state.field(generatedField, false)?.between(place, place, (from, to, mark) => {
    const { token } = mark.spec as { token?: Token }
    if (token) found = { token, from, to }
  })
  return found
}
