/** Ghost text: a continuation after the cursor that is no part of the text until it is taken. */

import { Facet, Prec, StateEffect, StateField, type EditorState, type Extension } from '@codemirror/state'
import {
  Decoration,
  EditorView,
  ViewPlugin,
  WidgetType,
  keymap,
  type DecorationSet,
  type ViewUpdate,
} from '@codemirror/view'
import { byModel } from './generated'

export type GhostSource = {
  enabled(): boolean
  /** Milliseconds without a key before a suggestion is asked for. */
  delay(): number
  /** Asks for a continuation; `show` is called with all of it so far. Returns how to stop. */
  ask(before: string, show: (text: string) => void): () => void
  /** Marks what was taken as a model's. */
  mark?(state: EditorState, from: number, to: number): StateEffect<unknown>[]
}

const marking = Facet.define<NonNullable<GhostSource['mark']>>()

export const setGhost = StateEffect.define<string>()

class GhostWidget extends WidgetType {
  private readonly text: string
  constructor(text: string) {
    super()
    this.text = text
  }
  override eq(other: GhostWidget): boolean {
    return other.text === this.text
  }
  override toDOM(): HTMLElement {
    const span = document.createElement('span')
    span.className = 'cm-ghost'
    span.setAttribute('aria-hidden', 'true')
    span.textContent = this.text
    span.title = 'A suggestion of a model. Not checked. May be false.'
    return span
  }
  override ignoreEvent(): boolean {
    return true
  }
}

export const ghostField = StateField.define<{ text: string; marks: DecorationSet }>({
  create: () => ({ text: '', marks: Decoration.none }),
  update(value, transaction) {
    let text = transaction.docChanged || transaction.selection ? '' : value.text
    for (const effect of transaction.effects) if (effect.is(setGhost)) text = effect.value
    if (text === value.text && !transaction.docChanged) return value
    const { head } = transaction.state.selection.main
    return {
      text,
      marks:
        text === ''
          ? Decoration.none
          : Decoration.set(Decoration.widget({ widget: new GhostWidget(text), side: 1 }).range(head)),
    }
  },
  provide: (field) => EditorView.decorations.from(field, (value) => value.marks),
})

const shown = (view: EditorView) => view.state.field(ghostField).text

function insert(view: EditorView, text: string, rest: string): boolean {
  const { head } = view.state.selection.main
  const effects = view.state.facet(marking).flatMap((mark) => mark(view.state, head, head + text.length))
  view.dispatch({
    changes: { from: head, insert: text },
    selection: { anchor: head + text.length },
    effects,
    annotations: byModel.of(true),
    userEvent: 'input.complete',
  })
  if (rest !== '') view.dispatch({ effects: setGhost.of(rest) })
  return true
}

/** Takes all of it; false where there is none, so that Tab keeps its meaning. */
export const acceptGhost = (view: EditorView): boolean => shown(view) !== '' && insert(view, shown(view), '')

export function acceptWord(view: EditorView): boolean {
  const text = shown(view)
  if (text === '') return false
  const word = /^\s*\S+/.exec(text)?.[0] ?? text
  return insert(view, word, text.slice(word.length))
}

export function dismissGhost(view: EditorView): boolean {
  if (shown(view) === '') return false
  view.dispatch({ effects: setGhost.of('') })
  return true
}

export function ghostText(source: GhostSource, announce: (text: string) => void): Extension {
  const asking = ViewPlugin.fromClass(
    class {
      private timer: ReturnType<typeof setTimeout> | undefined
      private stop: (() => void) | null = null
      private turn = 0
      private readonly view: EditorView

      constructor(view: EditorView) {
        this.view = view
      }

      update(update: ViewUpdate): void {
        const taken = update.transactions.some((one) => one.isUserEvent('input.complete'))
        if (update.docChanged || update.selectionSet) this.cancel()
        if (update.docChanged && !taken && source.enabled() && update.view.hasFocus)
          this.timer = setTimeout(() => this.ask(), source.delay())
      }

      private ask(): void {
        const { state } = this.view
        const { head, empty } = state.selection.main
        const line = state.doc.lineAt(head)
        // Only at the end of a line: in the middle of a sentence a suggestion would push text about.
        if (!empty || head !== line.to || state.sliceDoc(0, head).trim() === '') return
        const { turn } = this
        this.stop = source.ask(state.sliceDoc(Math.max(0, head - 4000), head), (text) => {
          // What was asked for before the last key is about another place.
          if (turn !== this.turn) return
          this.view.dispatch({ effects: setGhost.of(text) })
          announce(text)
        })
      }

      private cancel(): void {
        this.turn += 1
        clearTimeout(this.timer)
        this.stop?.()
        this.stop = null
      }

      destroy(): void {
        this.cancel()
      }
    },
  )
  return [
    ghostField,
    source.mark ? marking.of(source.mark) : [],
    asking,
    Prec.highest(
      keymap.of([
        { key: 'Tab', run: acceptGhost },
        { key: 'Mod-ArrowRight', run: acceptWord },
        { key: 'Escape', run: dismissGhost },
      ]),
    ),
  ]
}
