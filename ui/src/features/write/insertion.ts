import type { EditorState, TransactionSpec } from '@codemirror/state'
import { headOf, textOf } from './checking'
import type { Candidate } from './describing.svelte'
import { addPassage, addUnsure, byModel, isUnsure, passagesOf } from './generated'

/** Where something goes into a draft: behind the selection or in its place, with the blanks that it needs. */
function placeIn(state: EditorState, replace: boolean) {
  const { from, to: end } = state.selection.main
  // Behind a sentence of a model, and not into it.
  const to = replace ? end : (passagesOf(state).find((one) => one.from < end && end < one.to)?.to ?? end)
  const at = replace ? from : to
  const before = state.sliceDoc(Math.max(0, at - 1), at)
  return {
    at,
    to,
    leading: replace || before === '' || /\s/.test(before) ? '' : ' ',
    trailing: /^\S/.test(state.sliceDoc(to, to + 1)) ? ' ' : '',
  }
}

/** Puts what a source says into a draft, word for word: it is nobody's invention, and is not marked. */
export function quoting(state: EditorState, text: string): TransactionSpec {
  const { at, to, leading, trailing } = placeIn(state, false)
  return {
    changes: { from: at, to, insert: leading + text + trailing },
    selection: { anchor: at + leading.length + text.length },
    userEvent: 'input.quote',
    scrollIntoView: true,
  }
}

/** Puts a description into a draft, marked as a model's, sentence by sentence with what sources say of it. */
export function insertion(
  state: EditorState,
  candidate: Candidate,
  { term, model, replace }: { term: string; model: string; replace: boolean },
): TransactionSpec {
  const { at, to, leading, trailing } = placeIn(state, replace)
  // A description goes on after its term; without the term before it, the term is written too.
  const written = !replace && state.sliceDoc(Math.max(0, at - term.length), at).toLowerCase() === term.toLowerCase()
  const head = written ? ' is ' : leading + headOf(term)
  const text = head + textOf(candidate)
  // From places in the text that was checked to places in the draft.
  const shift = at + head.length - headOf(term).length
  const author = { model, seed: candidate.seed }
  const sentences = candidate.checked?.sentences ?? []
  const passages =
    sentences.length === 0
      ? [addPassage.of({ from: at, to: at + text.length, ...author, support: null, mark: '' })]
      : sentences.map(({ span, support, mark }, place) =>
          addPassage.of({
            from: place === 0 ? at : shift + span.start,
            to: shift + span.end,
            ...author,
            support,
            mark,
          }),
        )
  const unsure = []
  let place = at + head.length
  for (const [number, token] of candidate.tokens.entries()) {
    const words = number === 0 ? token.text.trimStart() : token.text
    const end = place + words.length
    if (isUnsure(token) && end <= at + text.length)
      unsure.push(addUnsure.of({ token: { ...token, text: words }, from: place, to: end }))
    place = end
  }
  return {
    changes: { from: at, to, insert: text + trailing },
    selection: { anchor: at + text.length },
    annotations: byModel.of(true),
    effects: [...passages, ...unsure],
    scrollIntoView: true,
  }
}
