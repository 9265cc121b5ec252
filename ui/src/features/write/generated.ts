/**
 * Text that a model wrote in a draft. It is marked, sentence by sentence, until the writer changes or confirms the sentence; undo
 * and redo, moving and copying inside the draft keep the marks.
 */

import { invertedEffects } from '@codemirror/commands'
import {
  Annotation,
  StateEffect,
  StateField,
  type ChangeDesc,
  type EditorState,
  type Extension,
  type Range,
  type Transaction,
} from '@codemirror/state'
import { Decoration, EditorView, WidgetType, type DecorationSet } from '@codemirror/view'
import type { GeneratedSpan, Support, Token } from '../../host/types'

/** Below this probability a token is underlined. */
export const unsureBelow = 0.3

export const isUnsure = (token: Token) => Math.exp(token.logProbability) < unsureBelow && token.alternatives.length > 0

/** A token's words as they can be shown: some are only a blank. */
export const wordsOf = (token: { text: string }) => token.text.trim() || '␣'

/** What a token tells under the pointer: what else the model considered. No figure: how likely a word was says nothing about whether it is true. */
export const hintOf = (token: Token) =>
  `The model hesitated. Or: ${token.alternatives.map(wordsOf).join(', ')}. Click to choose.`

/** Stands wherever text of a model stands that no source was held against. */
export const unchecked = 'Not checked. May be false.'

/** The mark of text that no source supports, as far as is known; the host's is the same. */
export const noSource = '[generated, no source]'

/** A sentence that a model wrote, or a part of one. `support`: null where nobody checked. `mark`: what leaves Osler with it. */
export type Passage = {
  from: number
  to: number
  model: string
  seed: number | null
  support: Support | null
  mark: string
}
export type Unsure = { token: Token; from: number; to: number }

/** `gone`: passages that were taken out, with their words, so that they are known again where they are put back. */
type Generated = {
  passages: readonly Passage[]
  unsure: readonly Unsure[]
  gone: readonly (Passage & { words: string })[]
  decorations: DecorationSet
}
type Marks = Pick<Generated, 'passages' | 'unsure'>

/** A change of the text that is the model's, and not the writer's. */
export const byModel = Annotation.define<true>()

const mapped = <Place extends { from: number; to: number }>(place: Place, changes: ChangeDesc): Place => ({
  ...place,
  from: changes.mapPos(place.from, 1),
  to: changes.mapPos(place.to, -1),
})
const isThere = ({ from, to }: { from: number; to: number }) => to > from

/** Marks a passage, sentence by sentence where it was not checked as a whole. It goes before what was marked there. */
export const addPassage = StateEffect.define<Passage>({ map: mapped })
/** Marks an unsure token that stands in the text. */
export const addUnsure = StateEffect.define<Unsure>({ map: mapped })
/** Confirms what is marked between two places: from there on it is the writer's. */
export const confirmBetween = StateEffect.define<{ from: number; to: number }>({ map: mapped })
const restore = StateEffect.define<Marks>({
  map: ({ passages, unsure }, changes) => ({
    passages: passages.map((one) => mapped(one, changes)).filter(isThere),
    unsure: unsure.map((one) => mapped(one, changes)).filter(isThere),
  }),
})

const sentences = new Intl.Segmenter('en', { granularity: 'sentence' })

/** The sentences of a passage, without the white space around them. */
function bySentence(passage: Passage, text: string): Passage[] {
  const all = passage.support === null ? [...sentences.segment(text)] : [{ segment: text, index: 0 }]
  return all.flatMap(({ segment, index }) => {
    const words = segment.trim()
    const from = passage.from + index + segment.length - segment.trimStart().length
    return words === '' ? [] : [{ ...passage, from, to: from + words.length }]
  })
}

/** What is left of passages beside a stretch. */
const beside = (passages: readonly Passage[], from: number, to: number): Passage[] =>
  passages.flatMap((one) =>
    one.to <= from || one.from >= to
      ? [one]
      : [
          { ...one, to: Math.min(one.to, from) },
          { ...one, from: Math.max(one.from, to) },
        ].filter(isThere),
  )

const hasWords = (text: string) => /[\p{L}\p{N}]/u.test(text)
/** Shorter texts are typed, longer ones are put in: they may be known. */
const shortest = 12
const remembered = 50

type Edit = { from: number; to: number; at: number; inserted: string; removed: string }

function editsOf({ changes, startState }: Transaction): Edit[] {
  const edits: Edit[] = []
  changes.iterChanges((from, to, at, _, inserted) => {
    edits.push({ from, to, at, inserted: inserted.toString(), removed: startState.sliceDoc(from, to) })
  })
  return edits
}

/** The marks after a change of the text. */
function moved(value: Generated, transaction: Transaction): Omit<Generated, 'decorations'> {
  const edits = editsOf(transaction)
  const before = transaction.startState
  const byWriter =
    transaction.annotation(byModel) === undefined &&
    !['undo', 'redo', 'input.replace.all'].some((event) => transaction.isUserEvent(event))
  const inside = ({ from, to }: { from: number; to: number }) => edits.filter((one) => one.from < to && one.to > from)
  const changed = (place: { from: number; to: number }) =>
    byWriter && inside(place).some(({ inserted }) => hasWords(inserted))

  const gone = [...value.gone]
  let passages = value.passages.flatMap((one): Passage[] => {
    const next = mapped(one, transaction.changes)
    if (!isThere(next)) {
      gone.push({ ...one, words: before.sliceDoc(one.from, one.to) })
      return []
    }
    if (changed(one)) return []
    // What is only shortened is still the model's, and says something that nobody checked.
    const other = inside(one).some(({ inserted, removed }) => (inserted + removed).trim() !== '')
    return [other ? { ...next, support: null, mark: '' } : next]
  })
  const unsure = value.unsure
    .filter((one) => !changed(one))
    .map((one) => mapped(one, transaction.changes))
    .filter(isThere)

  // What was copied, moved or cut and pasted is the model's in its new place, too.
  const known = [
    ...value.passages.map((one) => ({ ...one, words: before.sliceDoc(one.from, one.to) })),
    ...gone.slice(-remembered),
  ]
  for (const { at, inserted } of edits) {
    if (inserted.length < shortest || transaction.annotation(byModel)) continue
    for (const { words, ...one } of known) {
      for (let found = inserted.indexOf(words); found >= 0; found = inserted.indexOf(words, found + words.length)) {
        const from = at + found
        passages = [...beside(passages, from, from + words.length), { ...one, from, to: from + words.length }]
      }
    }
  }
  return { passages, unsure, gone: gone.slice(-remembered) }
}

class MarkWidget extends WidgetType {
  private readonly support: Support | null
  constructor(support: Support | null) {
    super()
    this.support = support
  }
  override eq(other: MarkWidget): boolean {
    return other.support === this.support
  }
  override toDOM(): HTMLElement {
    const span = document.createElement('span')
    span.className = 'cm-support'
    span.dataset['support'] = this.support ?? 'unchecked'
    span.textContent = supportWords[this.support ?? 'unchecked']
    return span
  }
  override ignoreEvent(): boolean {
    return true
  }
}

/** What a sentence's support is called where there is little room. */
export const supportWords: Record<Support | 'unchecked', string> = {
  supported: 'supported',
  partly: 'partly',
  none: 'no source',
  unchecked: 'not checked',
}

function decorationsOf({ passages, unsure }: Marks): DecorationSet {
  const all: Range<Decoration>[] = []
  for (const { from, to, model, seed, support, mark } of passages) {
    const author = `Written by ${model}${seed === null ? '' : `, seed ${String(seed)}`}.`
    const title = `${author} ${support === null ? unchecked : mark.slice(1, -1)}`
    all.push(
      Decoration.mark({ class: 'cm-generated', attributes: { title, 'data-support': support ?? 'unchecked' } }).range(
        from,
        to,
      ),
      Decoration.widget({ widget: new MarkWidget(support), side: 1 }).range(to),
    )
  }
  for (const { token, from, to } of unsure)
    all.push(Decoration.mark({ class: 'cm-unsure', attributes: { title: hintOf(token) } }).range(from, to))
  return Decoration.set(all, true)
}

export const generatedField = StateField.define<Generated>({
  create: () => ({ passages: [], unsure: [], gone: [], decorations: Decoration.none }),
  update(value, transaction) {
    const ours = transaction.effects.some(isOurs)
    const isEmpty = value.passages.length + value.unsure.length + value.gone.length === 0
    if (!ours && (!transaction.docChanged || isEmpty)) return value
    const after = transaction.docChanged ? moved(value, transaction) : value
    let { passages, unsure } = after
    for (const effect of transaction.effects) {
      if (effect.is(addPassage)) {
        const { from, to } = effect.value
        const added = bySentence(effect.value, transaction.newDoc.sliceString(from, to))
        passages = [...beside(passages, from, to), ...added].sort((left, right) => left.from - right.from)
      } else if (effect.is(addUnsure)) {
        if (isThere(effect.value)) unsure = [...unsure, effect.value]
      } else if (effect.is(confirmBetween)) {
        const { from, to } = effect.value
        const outside = (one: { from: number; to: number }) => one.to <= from || one.from >= to
        passages = passages.filter(outside)
        unsure = unsure.filter(outside)
      } else if (effect.is(restore)) {
        ;({ passages, unsure } = effect.value)
      }
    }
    passages = [...passages].sort((left, right) => left.from - right.from)
    return { passages, unsure, gone: after.gone, decorations: decorationsOf({ passages, unsure }) }
  },
  provide: (field) => EditorView.decorations.from(field, ({ decorations }) => decorations),
})

const isOurs = (effect: StateEffect<unknown>) =>
  effect.is(addPassage) || effect.is(addUnsure) || effect.is(confirmBetween) || effect.is(restore)

/** Undo brings back the marks as they were, so that no text of a model comes back without them. */
const undoable = invertedEffects.of((transaction) => {
  const { passages, unsure } = transaction.startState.field(generatedField)
  const touches = passages.some((one) => transaction.changes.touchesRange(one.from, one.to) !== false)
  return touches || transaction.effects.some(isOurs) ? [restore.of({ passages, unsure })] : []
})

export const generatedText: Extension = [generatedField, undoable]

const valueOf = (state: EditorState) => state.field(generatedField, false)

/** The marked passages, in order. */
export const passagesOf = (state: EditorState): readonly Passage[] => valueOf(state)?.passages ?? []

/** The unsure tokens that are still marked. */
export const unsureOf = (state: EditorState): readonly Unsure[] => valueOf(state)?.unsure ?? []

/** Passages that were taken out, with their words. */
export const goneOf = (state: EditorState) => valueOf(state)?.gone ?? []

export const spansOf = (state: EditorState): GeneratedSpan[] =>
  passagesOf(state).map(({ from, to, ...rest }) => ({ span: { start: from, end: to }, ...rest }))

/** The passage at a place, or the nearest after it, or the last. */
export function passageNear(state: EditorState, place: number): Passage | null {
  const passages = passagesOf(state)
  return passages.find((passage) => place <= passage.to) ?? passages.at(-1) ?? null
}

/** The unsure token at a place of the text, with where it stands. */
export const unsureAt = (state: EditorState, place: number): Unsure | null =>
  unsureOf(state).find(({ from, to }) => from <= place && place <= to) ?? null
