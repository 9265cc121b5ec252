/** The draft's editor: Markdown in CodeMirror, with generated passages and ghost text. */

import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { HighlightStyle, Language, defineLanguageFacet, syntaxHighlighting } from '@codemirror/language'
import { EditorState, Prec, StateEffect, type Extension } from '@codemirror/state'
import { EditorView, drawSelection, keymap, placeholder } from '@codemirror/view'
import { search, searchKeymap } from '@codemirror/search'
import { tags } from '@lezer/highlight'
import { parser } from '@lezer/markdown'
import type { Draft } from '../../host/types'
import { addPassage, generatedText } from './generated'
import { ghostText, type GhostSource } from './ghost'
import { leaving } from './leaving'

// Plain Markdown. The ready-made package would bring the grammars of HTML, CSS and JavaScript along.
const markdown = new Language(defineLanguageFacet(), parser, [], 'markdown')

// The others are commands of Osler, or open a panel that it has not.
const finding = searchKeymap.filter(({ key }) => key === 'Mod-f' || key === 'F3' || key === 'Escape')

const looks = HighlightStyle.define([
  { tag: tags.heading1, fontSize: '1.35em', fontWeight: '650', lineHeight: '1.4' },
  { tag: tags.heading2, fontSize: '1.12em', fontWeight: '650' },
  { tag: tags.heading, fontWeight: '650' },
  { tag: tags.strong, fontWeight: '700' },
  { tag: tags.emphasis, fontStyle: 'italic' },
  { tag: tags.processingInstruction, color: 'var(--ink-3)', fontWeight: '400' },
  { tag: tags.monospace, fontFamily: 'var(--font-code)', fontSize: '0.9em' },
])

const theme = EditorView.theme({
  '&': { height: '100%', color: 'var(--ink)', fontSize: 'var(--text-reading)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--font-text)', lineHeight: '1.75', overflow: 'auto' },
  '.cm-content': {
    maxWidth: '44rem',
    margin: '0 auto',
    padding: 'var(--s8) var(--s8) 40vh',
    caretColor: 'var(--accent)',
  },
  '.cm-cursor': { borderLeftColor: 'var(--accent)', borderLeftWidth: '2px' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground, ::selection': {
    background: 'var(--cursor) !important',
  },
  '.cm-placeholder': { color: 'var(--ink-3)' },
  '.cm-generated': { background: 'var(--generated)', boxShadow: '0 0 0 1px var(--generated)', borderRadius: '2px' },
  '.cm-support': {
    margin: '0 0.125em 0 0.25em',
    padding: '0.125em 0.4em',
    borderRadius: 'var(--radius-small)',
    background: 'var(--no-soft)',
    color: 'var(--no)',
    fontFamily: 'var(--font-ui)',
    fontSize: 'var(--text-micro)',
    fontStyle: 'normal',
    fontWeight: '550',
    whiteSpace: 'nowrap',
    cursor: 'default',
  },
  '.cm-support[data-support=supported]': { background: 'var(--yes-soft)', color: 'var(--yes)' },
  '.cm-support[data-support=partly], .cm-support[data-support=unchecked]': {
    background: 'var(--maybe-soft)',
    color: 'var(--maybe)',
  },
  '.cm-unsure': {
    textDecorationLine: 'underline',
    textDecorationStyle: 'wavy',
    textDecorationColor: 'var(--maybe)',
    textDecorationThickness: '1px',
    textUnderlineOffset: '0.25em',
    cursor: 'pointer',
  },
  '.cm-panels': { background: 'var(--ground)', color: 'var(--ink)', borderColor: 'var(--line)' },
  '.cm-panel.cm-search': {
    display: 'flex',
    flexWrap: 'wrap',
    gap: 'var(--s2)',
    alignItems: 'center',
    padding: 'var(--s2) var(--s8) var(--s2) var(--s4)',
    fontFamily: 'var(--font-ui)',
    fontSize: 'var(--text-small)',
  },
  '.cm-panel.cm-search br': { display: 'none' },
  '.cm-panel.cm-search label': {
    display: 'inline-flex',
    gap: '0.25rem',
    alignItems: 'center',
    margin: '0',
    fontSize: 'inherit',
  },
  '.cm-textfield': {
    height: 'var(--control)',
    margin: '0',
    padding: '0 var(--s2)',
    border: '1px solid var(--line-2)',
    borderRadius: 'var(--radius)',
    background: 'var(--paper)',
    color: 'inherit',
    fontSize: 'inherit',
  },
  '.cm-button': {
    height: 'var(--control)',
    margin: '0',
    padding: '0 var(--s3)',
    border: '1px solid var(--line-2)',
    borderRadius: 'var(--radius)',
    background: 'var(--raised)',
    backgroundImage: 'none',
    color: 'inherit',
    fontSize: 'inherit',
  },
  '.cm-panel.cm-search [name=close]': { color: 'inherit', fontSize: '1.25rem' },
  '.cm-searchMatch': { background: 'var(--maybe-soft)', outline: '1px solid var(--maybe)' },
  '.cm-searchMatch-selected': { background: 'var(--cursor)', outline: '2px solid var(--focus)' },
  '.cm-ghost': { color: 'var(--ink-3)', fontStyle: 'italic' },
})

/** `command`: whether a key was one of Osler's commands; what is one means nothing else in the editor. */
export type EditorOptions = {
  ghost: GhostSource
  command: (event: KeyboardEvent) => boolean
  announce: (text: string) => void
  onchange: (view: EditorView) => void
  onselect: (view: EditorView) => void
  onclick: (view: EditorView, place: number) => void
}

export function createEditor(parent: HTMLElement, options: EditorOptions): EditorView {
  return new EditorView({ parent, state: stateOf(null, options) })
}

/** How a draft was left: its text with undo, selection and marks, and where it was scrolled to. */
export type Left = { state: EditorState; scroll: number }

export const leave = ({ state, scrollDOM }: EditorView): Left => ({ state, scroll: scrollDOM.scrollTop })

/** A state of its own for each draft, so that its undo does not reach into another's; as it was left, if it is still the same. */
export function stateOf(draft: Draft | null, options: EditorOptions, left?: Left): EditorState {
  if (left && draft && left.state.doc.toString() === draft.text)
    return left.state.update({ effects: StateEffect.reconfigure.of(extensionsOf(options)) }).state
  // One goes on writing where a draft ends.
  const state = EditorState.create({
    doc: draft?.text ?? '',
    selection: { anchor: draft?.text.length ?? 0 },
    extensions: extensionsOf(options),
  })
  if (!draft || draft.generated.length === 0) return state
  const effects = draft.generated.map(({ span, ...rest }) =>
    addPassage.of({ ...rest, from: span.start, to: Math.min(span.end, draft.text.length) }),
  )
  return state.update({ effects }).state
}

function extensionsOf(options: EditorOptions): Extension {
  return [
    history(),
    drawSelection(),
    markdown.extension,
    syntaxHighlighting(looks),
    theme,
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ 'aria-label': 'Draft', tabindex: '0', spellcheck: 'true' }),
    placeholder('Write here. Select a term and press Ctrl+D to look it up.'),
    search({ top: true }),
    EditorState.phrases.of({
      next: 'Next',
      previous: 'Previous',
      all: 'Select all',
      replace: 'Replace',
      'replace all': 'Replace all',
      'match case': 'Match case',
      regexp: 'Pattern',
      'by word': 'Whole words',
    }),
    generatedText,
    leaving,
    ghostText(options.ghost, options.announce),
    // Escape first puts away what is the editor's own: a suggestion, the search.
    Prec.high(EditorView.domEventHandlers({ keydown: (event) => event.key !== 'Escape' && options.command(event) })),
    keymap.of([...defaultKeymap.filter((binding) => binding.key !== 'Mod-Enter'), ...historyKeymap, ...finding]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged || update.transactions.some((one) => one.effects.length > 0)) options.onchange(update.view)
      if (update.selectionSet || update.docChanged) options.onselect(update.view)
    }),
    EditorView.domEventHandlers({
      click: (event, view) => {
        if (!(event.target instanceof Element) || !event.target.closest('.cm-unsure')) return
        const place = view.posAtCoords({ x: event.clientX, y: event.clientY })
        if (place !== null) options.onclick(view, place)
      },
    }),
  ]
}
