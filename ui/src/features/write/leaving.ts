/** What a model wrote leaves the draft by the clipboard, or dragged, with its mark as text. */

import type { EditorState, Extension } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { goneOf, noSource, passagesOf } from './generated'

/** A stretch of the draft with the mark of each generated sentence, or part of one, behind it. */
export function withMarks(state: EditorState, from: number, to: number): string {
  let text = ''
  let at = from
  for (const one of passagesOf(state)) {
    const end = Math.min(one.to, to)
    if (one.from >= to || end <= at) continue
    const words = state.sliceDoc(at, end)
    const bare = words.trimEnd()
    text += `${bare} ${one.mark || noSource}${words.slice(bare.length)}`
    at = end
  }
  return text + state.sliceDoc(at, to)
}

type Stretch = { from: number; to: number }

/** What the editor copies: the selections, or where there is none the lines that the cursors are in. */
function copied({ selection, doc }: EditorState): Stretch[] {
  const selected = selection.ranges.filter((one) => !one.empty)
  if (selected.length > 0) return selected
  const lines = selection.ranges.map((one) => doc.lineAt(one.from))
  return lines.filter((line, place) => lines[place - 1]?.number !== line.number)
}

function outgoing(text: string, state: EditorState): string {
  if (passagesOf(state).length === 0) return text
  // What is dragged is the main selection alone.
  for (const stretches of [copied(state), [state.selection.main]]) {
    const words = stretches.map(({ from, to }) => state.sliceDoc(from, to)).join(state.lineBreak)
    if (words === text) return stretches.map(({ from, to }) => withMarks(state, from, to)).join(state.lineBreak)
  }
  return `${text} ${noSource}`
}

/** What comes back as it left is known by its words: its mark need not stand in the text. */
function incoming(text: string, state: EditorState): string {
  const known = [
    ...passagesOf(state).map((one) => ({ mark: one.mark, words: state.sliceDoc(one.from, one.to) })),
    ...goneOf(state),
  ]
  return known.reduce((rest, { words, mark }) => rest.replaceAll(`${words} ${mark || noSource}`, words), text)
}

export const leaving: Extension = [
  EditorView.clipboardOutputFilter.of(outgoing),
  EditorView.clipboardInputFilter.of(incoming),
]
