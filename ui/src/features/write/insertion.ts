import type { EditorState, TransactionSpec } from '@codemirror/state'
import { textOf, type Candidate } from './describing.svelte'
import { addPassage } from './generated'

/** Puts a description into a draft, behind the selection or in its place, marked as a model's. */
export function insertion(
  state: EditorState,
  candidate: Candidate,
  { term, model, replace }: { term: string; model: string; replace: boolean },
): TransactionSpec {
  const { from, to } = state.selection.main
  const at = replace ? from : to
  const before = state.sliceDoc(Math.max(0, at - 1), at)
  const leading = replace || before === '' || /\s/.test(before) ? '' : ' '
  // A description goes on after its term; without the term before it, the term is written too.
  const written = !replace && state.sliceDoc(Math.max(0, at - term.length), at).toLowerCase() === term.toLowerCase()
  const head = written ? ' is ' : `${leading}${term.charAt(0).toUpperCase()}${term.slice(1)} is `
  const text = head + textOf(candidate)
  const trailing = /^\S/.test(state.sliceDoc(to, to + 1)) ? ' ' : ''
  const first = { text: head, logProbability: 0, alternatives: [] }
  const tokens = candidate.tokens.map((token, place) =>
    place === 0 ? { ...token, text: token.text.trimStart() } : token,
  )
  return {
    changes: { from: at, to, insert: text + trailing },
    selection: { anchor: at + text.length },
    effects: addPassage.of({ from: at, to: at + text.length, model, seed: candidate.seed, tokens: [first, ...tokens] }),
    scrollIntoView: true,
  }
}
