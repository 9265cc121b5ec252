import { undo } from '@codemirror/commands'
import { EditorState } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { describe, expect, test } from 'vitest'
import { textOf, withKept } from '../../src/features/write/describing.svelte'
import { leave, stateOf } from '../../src/features/write/editor'
import { insertion } from '../../src/features/write/insertion'
import {
  acceptBetween,
  addPassage,
  addUnsure,
  generatedText,
  passageNear,
  passagesOf,
  spansOf,
  unsureAt,
  unsureOf,
} from '../../src/features/write/generated'
import { acceptGhost, acceptWord, dismissGhost, ghostField, ghostText, setGhost } from '../../src/features/write/ghost'
import { titleOf } from '../../src/features/write/title'

const options = {
  ghost: { enabled: () => false, delay: () => 0, ask: () => () => {} },
  command: () => false,
  announce: () => {},
  onchange: () => {},
  onselect: () => {},
  onclick: () => {},
}

const token = (text: string, probability = 0.9) => ({
  text,
  logProbability: Math.log(probability),
  alternatives: [{ text: ' other', logProbability: -2 }],
})

describe('a candidate', () => {
  const candidate = (text: string, ended: 'complete' | 'length') => ({
    seed: null,
    beginning: [],
    tokens: [token(text)],
    tentative: '',
    ended,
    meanLogProbability: null,
  })

  test('that was cut at its length is taken up to its last whole sentence', () => {
    expect(textOf(candidate(' Gout is arthritis. It hurts 1.5 times as', 'length'))).toBe('Gout is arthritis.')
    expect(textOf(candidate(' Gout is arthritis. It hurts', 'complete'))).toBe('Gout is arthritis. It hurts')
    expect(textOf(candidate(' Gout is arthritis that', 'length'))).toBe('Gout is arthritis that')
  })
})

describe('generated text', () => {
  const written = () => {
    const state = EditorState.create({ doc: 'Before. ', extensions: [generatedText] })
    return state.update({
      changes: { from: 8, insert: 'a rare drug' },
      effects: addPassage.of({
        from: 8,
        to: 19,
        model: 'm',
        seed: 3,
        tokens: [token('a'), token(' rare', 0.1), token(' drug')],
      }),
    }).state
  }

  test('is marked where it stands, also when text before it changes', () => {
    const state = written().update({ changes: { from: 0, insert: 'More. ' } }).state
    expect(spansOf(state)).toEqual([{ span: { start: 14, end: 25 }, model: 'm', seed: 3 }])
    expect(state.sliceDoc(14, 25)).toBe('a rare drug')
  })

  test('what is typed after it is the author’s', () => {
    const state = written().update({ changes: { from: 19, insert: ', I think' } }).state
    expect(spansOf(state)[0]?.span).toEqual({ start: 8, end: 19 })
  })

  test('an unsure token is found with its alternatives, a sure one is not', () => {
    expect(unsureAt(written(), 11)?.token.text).toBe(' rare')
    expect(unsureAt(written(), 17)).toBeNull()
  })

  test('an unsure token can be marked by itself, and is told with where it stands', () => {
    const state = EditorState.create({ doc: 'a rare drug', extensions: [generatedText] }).update({
      effects: addUnsure.of({ token: token(' rare', 0.1), from: 1, to: 6 }),
    }).state
    const moved = state.update({ changes: { from: 0, insert: 'Not ' } }).state
    expect(unsureOf(moved).map(({ token: { text }, from, to }) => [text, from, to])).toEqual([[' rare', 5, 10]])
  })

  test('a draft comes back as it was left: undo, marks, unsure words', () => {
    const draft = { id: 1, title: '', text: 'Before. ', generated: [], createdAt: 0, modifiedAt: 0 }
    const view = new EditorView({ state: stateOf(draft, options) })
    view.dispatch({
      changes: { from: 8, insert: 'a rare drug' },
      effects: addPassage.of({
        from: 8,
        to: 19,
        model: 'm',
        seed: 3,
        tokens: [token('a'), token(' rare', 0.1), token(' drug')],
      }),
    })
    const left = leave(view)
    const saved = { ...draft, text: view.state.doc.toString() }
    view.setState(stateOf(saved, options, left))
    expect(spansOf(view.state)).toEqual([{ span: { start: 8, end: 19 }, model: 'm', seed: 3 }])
    expect(unsureAt(view.state, 11)?.token.text).toBe(' rare')
    undo(view)
    expect(view.state.doc.toString()).toBe('Before. ')
    // What another window saved meanwhile goes before what was left here.
    expect(stateOf({ ...saved, text: 'Other' }, options, left).doc.toString()).toBe('Other')
  })

  test('accepting takes the marks and leaves the words', () => {
    const before = written()
    const passage = passageNear(before, 0)
    const after = before.update({ effects: acceptBetween.of({ from: passage?.from ?? 0, to: passage?.to ?? 0 }) }).state
    expect(spansOf(after)).toEqual([])
    expect(after.doc.toString()).toBe('Before. a rare drug')
  })
})

test('a description goes on after its term, or brings it, and is marked as a model’s', () => {
  const candidate = {
    seed: 7,
    beginning: [],
    tokens: [token(' a drug'), token('.')],
    tentative: '',
    ended: 'complete' as const,
    meanLogProbability: null,
  }
  const after = (doc: string, anchor: number, head: number, replace: boolean) => {
    const state = EditorState.create({ doc, selection: { anchor, head }, extensions: [generatedText] })
    const changed = state.update(insertion(state, candidate, { term: 'aspirin', model: 'm', replace })).state
    return [changed.doc.toString(), passagesOf(changed).map(({ from, to }) => changed.sliceDoc(from, to))]
  }
  expect(after('Aspirin', 7, 7, false)).toEqual(['Aspirin is a drug.', [' is a drug.']])
  expect(after('See aspirin', 4, 11, false)).toEqual(['See aspirin is a drug.', [' is a drug.']])
  expect(after('See', 3, 3, false)).toEqual(['See Aspirin is a drug.', [' Aspirin is a drug.']])
  expect(after('It helps', 3, 3, true)).toEqual(['It Aspirin is a drug. helps', ['Aspirin is a drug.']])
})

describe('a key in the editor', () => {
  const draft = { id: 1, title: '', text: 'first\nsecond', generated: [], createdAt: 0, modifiedAt: 0 }
  const press = (command: (event: KeyboardEvent) => boolean, init: KeyboardEventInit) => {
    const view = new EditorView({ parent: document.body, state: stateOf(draft, { ...options, command }) })
    view.dispatch({ selection: { anchor: 0 } })
    const event = new KeyboardEvent('keydown', { ...init, bubbles: true, cancelable: true })
    view.contentDOM.dispatchEvent(event)
    const after = {
      text: view.state.doc.toString(),
      selection: view.state.selection.main.empty,
      panel: view.dom.querySelector('.cm-panel') !== null,
      taken: event.defaultPrevented,
    }
    view.destroy()
    return after
  }
  const untouched = { text: draft.text, selection: true, panel: false }

  test.each([
    { key: 'g', ctrlKey: true },
    { key: 'd', ctrlKey: true },
    { key: 'L', ctrlKey: true, shiftKey: true },
  ])('that is a command is none of the editor’s: %j', (init) => {
    expect(press(() => true, init)).toEqual({ ...untouched, taken: true })
    // Where the command has nothing to do, the key does nothing at all.
    expect(press(() => false, init)).toEqual({ ...untouched, taken: false })
  })

  test('that moves a line moves none where it is a command', () => {
    const init = { key: 'ArrowDown', altKey: true }
    expect(press(() => true, init)).toEqual({ ...untouched, taken: true })
    expect(press(() => false, init).text).toBe('second\nfirst')
  })

  test('puts away with Escape what is the editor’s own', () => {
    expect(
      press(
        () => {
          throw new Error('a command')
        },
        { key: 'Escape' },
      ),
    ).toMatchObject(untouched)
  })
})

describe('ghost text', () => {
  const view = () => {
    const source = { enabled: () => false, delay: () => 0, ask: () => () => {} }
    const made = new EditorView({
      state: EditorState.create({ doc: 'It was', selection: { anchor: 6 }, extensions: [ghostText(source, () => {})] }),
    })
    made.dispatch({ effects: setGhost.of(' shown to help.') })
    return made
  }

  test('is no text until Tab takes it', () => {
    const editor = view()
    expect(editor.state.doc.toString()).toBe('It was')
    expect(acceptGhost(editor)).toBe(true)
    expect(editor.state.doc.toString()).toBe('It was shown to help.')
    expect(acceptGhost(editor)).toBe(false)
  })

  test('what is taken is marked as a model’s, as one passage', () => {
    const source = {
      enabled: () => false,
      delay: () => 0,
      ask: () => () => {},
      mark: (state: EditorState, from: number, to: number) => {
        const before = passagesOf(state).find((one) => one.to === from)
        return [
          ...(before ? [acceptBetween.of({ from: before.from, to: before.to })] : []),
          addPassage.of({ from: before?.from ?? from, to, model: 'm', seed: null, tokens: [] }),
        ]
      },
    }
    const editor = new EditorView({
      state: EditorState.create({
        doc: 'It was',
        selection: { anchor: 6 },
        extensions: [generatedText, ghostText(source, () => {})],
      }),
    })
    editor.dispatch({ effects: setGhost.of(' shown to help.') })
    acceptWord(editor)
    acceptGhost(editor)
    expect(spansOf(editor.state)).toEqual([{ span: { start: 6, end: 21 }, model: 'm', seed: null }])
  })

  test('is taken word by word', () => {
    const editor = view()
    acceptWord(editor)
    acceptWord(editor)
    expect(editor.state.doc.toString()).toBe('It was shown to')
    expect(editor.state.field(ghostField).text).toBe(' help.')
  })

  test('goes with Escape and with the next key', () => {
    const editor = view()
    expect(dismissGhost(editor)).toBe(true)
    expect(dismissGhost(editor)).toBe(false)
    editor.dispatch({ effects: setGhost.of(' shown') })
    editor.dispatch({ changes: { from: 6, insert: '!' } })
    expect(editor.state.field(ghostField).text).toBe('')
  })
})

test('going on from another token keeps the figures of what stays', () => {
  const kept = [token(' a'), token(' potent', 0.2)]
  const fresh = [token(' a'), token(' pot'), token('ent'), token(' drug')]
  expect(withKept(fresh, kept, ' a potent').map((one) => one.text)).toEqual([' a', ' potent', ' drug'])
  expect(withKept(fresh.slice(0, 1), kept, ' a potent')).toEqual(kept)
})

test.each([
  ['# Liver *injury*\n\nText', 'Liver injury'],
  ['\n\n- first\n- second', 'first'],
  ['', ''],
])('a draft is called by its first line: %j', (text, expected) => {
  expect(titleOf(text)).toBe(expected)
})
