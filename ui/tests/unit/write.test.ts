import { copyLineDown, isolateHistory, moveLineDown, redo, undo } from '@codemirror/commands'
import { EditorState, type TransactionSpec } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { describe, expect, test } from 'vitest'
import { textOf } from '../../src/features/write/checking'
import { withKept } from '../../src/features/write/describing.svelte'
import { leave, stateOf } from '../../src/features/write/editor'
import { insertion, quoting } from '../../src/features/write/insertion'
import {
  addPassage,
  addUnsure,
  byModel,
  confirmBetween,
  generatedText,
  passageNear,
  passagesOf,
  spansOf,
  unsureAt,
  unsureOf,
} from '../../src/features/write/generated'
import { acceptGhost, acceptWord, dismissGhost, ghostField, ghostText, setGhost } from '../../src/features/write/ghost'
import { withMarks } from '../../src/features/write/leaving'
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
    checked: null,
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
      effects: [
        addPassage.of({ from: 8, to: 19, model: 'm', seed: 3, support: null, mark: '' }),
        addUnsure.of({ token: token(' rare', 0.1), from: 9, to: 14 }),
      ],
    }).state
  }

  test('is marked where it stands, also when text before it changes', () => {
    const state = written().update({ changes: { from: 0, insert: 'More. ' } }).state
    expect(spansOf(state)).toEqual([{ span: { start: 14, end: 25 }, model: 'm', seed: 3, support: null, mark: '' }])
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
      effects: [
        addPassage.of({ from: 8, to: 19, model: 'm', seed: 3, support: null, mark: '' }),
        addUnsure.of({ token: token(' rare', 0.1), from: 9, to: 14 }),
      ],
    })
    const left = leave(view)
    const saved = { ...draft, text: view.state.doc.toString() }
    view.setState(stateOf(saved, options, left))
    expect(spansOf(view.state)).toEqual([{ span: { start: 8, end: 19 }, model: 'm', seed: 3, support: null, mark: '' }])
    expect(unsureAt(view.state, 11)?.token.text).toBe(' rare')
    undo(view)
    expect(view.state.doc.toString()).toBe('Before. ')
    // What another window saved meanwhile goes before what was left here.
    expect(stateOf({ ...saved, text: 'Other' }, options, left).doc.toString()).toBe('Other')
  })

  test('confirming takes the marks and leaves the words', () => {
    const before = written()
    const passage = passageNear(before, 0)
    const after = before.update({
      effects: confirmBetween.of({ from: passage?.from ?? 0, to: passage?.to ?? 0 }),
    }).state
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
    checked: null,
  }
  const after = (doc: string, anchor: number, head: number, replace: boolean) => {
    const state = EditorState.create({ doc, selection: { anchor, head }, extensions: [generatedText] })
    const changed = state.update(insertion(state, candidate, { term: 'aspirin', model: 'm', replace })).state
    return [changed.doc.toString(), passagesOf(changed).map(({ from, to }) => changed.sliceDoc(from, to))]
  }
  expect(after('Aspirin', 7, 7, false)).toEqual(['Aspirin is a drug.', ['is a drug.']])
  expect(after('See aspirin', 4, 11, false)).toEqual(['See aspirin is a drug.', ['is a drug.']])
  expect(after('See', 3, 3, false)).toEqual(['See Aspirin is a drug.', ['Aspirin is a drug.']])
  expect(after('It helps', 3, 3, true)).toEqual(['It Aspirin is a drug. helps', ['Aspirin is a drug.']])
})

describe('text of a model in a draft', () => {
  const supported = '[generated, supported by X 1]'
  /** “Mine. A drug. It heals. Yours.”: the second sentence is supported, the third was not checked. */
  const editor = () => {
    const view = new EditorView({ parent: document.body, state: stateOf({ ...empty, text: 'Mine.  Yours.' }, options) })
    view.dispatch({
      changes: { from: 6, insert: 'A drug. It heals.' },
      effects: [
        addPassage.of({ from: 6, to: 13, model: 'm', seed: null, support: 'supported', mark: supported }),
        addPassage.of({ from: 14, to: 23, model: 'm', seed: null, support: null, mark: '' }),
      ],
      annotations: byModel.of(true),
      userEvent: 'input.complete',
    })
    return view
  }
  const empty = { id: 1, title: '', text: '', generated: [], createdAt: 0, modifiedAt: 0 }
  const marked = ({ state }: EditorView) =>
    passagesOf(state).map(({ from, to, support }) => [state.sliceDoc(from, to), support])
  const both = [
    ['A drug.', 'supported'],
    ['It heals.', null],
  ]
  const all = (view: EditorView) => withMarks(view.state, 0, view.state.doc.length)

  test('is marked sentence by sentence, and leaves with each mark', () => {
    const view = editor()
    expect(marked(view)).toEqual(both)
    expect(all(view)).toBe(`Mine. A drug. ${supported} It heals. [generated, no source] Yours.`)
    expect(withMarks(view.state, 8, 17)).toBe(`drug. ${supported} It [generated, no source] `)
    expect(withMarks(view.state, 0, 6)).toBe('Mine. ')
  })

  test('is the writer’s where the writer changed the sentence, and nowhere else', () => {
    const view = editor()
    view.dispatch({ changes: { from: 8, insert: 'new ' }, userEvent: 'input.type' })
    expect(marked(view)).toEqual([['It heals.', null]])
  })

  test('is still the model’s where words were only taken out, and was then not checked', () => {
    const view = editor()
    view.dispatch({ changes: { from: 8, to: 12 }, userEvent: 'delete.backward' })
    expect(marked(view)[0]).toEqual(['A .', null])
    const broken = editor()
    broken.dispatch({ changes: { from: 7, to: 8, insert: '\n' }, userEvent: 'input' })
    expect(marked(broken)[0]).toEqual(['A\ndrug.', 'supported'])
  })

  test('a name that is replaced everywhere confirms no sentence', () => {
    const view = editor()
    view.dispatch({ changes: { from: 8, to: 12, insert: 'medicine' }, userEvent: 'input.replace.all' })
    expect(marked(view)[0]).toEqual(['A medicine.', null])
  })

  test('has its marks again after undo and redo, whatever was done', () => {
    const view = editor()
    undo(view)
    expect(view.state.doc.toString()).toBe('Mine.  Yours.')
    redo(view)
    expect(marked(view)).toEqual(both)
    const steps: TransactionSpec[] = [
      { changes: { from: 6, to: 13 }, userEvent: 'delete.selection' },
      { changes: { from: 8, to: 12, insert: 'cure' }, userEvent: 'input.type' },
      { effects: confirmBetween.of({ from: 6, to: 13 }) },
      { changes: { from: 0, to: view.state.doc.length }, userEvent: 'delete.selection' },
    ]
    for (const step of steps) {
      view.dispatch({ ...step, annotations: isolateHistory.of('full') })
      expect(marked(view)).not.toEqual(both)
      undo(view)
      expect(marked(view)).toEqual(both)
    }
    const left = leave(view)
    view.dispatch({ changes: { from: 6, to: 13 }, userEvent: 'delete.selection' })
    const gone = leave(view)
    view.setState(stateOf({ ...empty, text: view.state.doc.toString() }, options, gone))
    undo(view)
    expect(marked(view)).toEqual(both)
    expect(left.state.doc.eq(view.state.doc)).toBe(true)
  })

  test('keeps its marks where its line is moved or copied', () => {
    const view = editor()
    view.dispatch({ changes: { from: 23, insert: '\nLast line of mine.' } })
    view.dispatch({ selection: { anchor: 2 } })
    moveLineDown(view)
    expect(marked(view)).toEqual(both)
    copyLineDown(view)
    expect(view.state.doc.toString().match(/It heals\./g)).toHaveLength(2)
    // Too short to be known again is “A drug.”; whoever types it wrote it.
    expect(marked(view).filter(([words]) => words === 'It heals.')).toHaveLength(2)
  })

  test('leaves by the clipboard with its marks, and is known again when it is pasted', () => {
    const view = editor()
    view.focus()
    view.dispatch({ selection: { anchor: 0, head: view.state.doc.length } })
    document.getSelection()?.selectAllChildren(view.contentDOM)
    view.dispatch({ selection: { anchor: 0, head: view.state.doc.length } })
    const data = new Map<string, string>()
    const clipboardData = {
      setData: (type: string, words: string) => data.set(type, words),
      getData: (type: string) => data.get(type) ?? '',
      clearData: () => data.clear(),
    }
    const send = (type: string) => {
      const event = Object.assign(new Event(type, { bubbles: true, cancelable: true }), { clipboardData })
      view.contentDOM.dispatchEvent(event)
    }
    const words = view.state.doc.toString()
    send('cut')
    expect(view.state.doc.toString()).toBe('')
    expect(data.get('text/plain')).toBe(`Mine. A drug. ${supported} It heals. [generated, no source] Yours.`)
    send('paste')
    expect(view.state.doc.toString()).toBe(words)
    expect(marked(view)).toEqual(both)
  })

  test('what is put behind the cursor goes into no sentence of the model', () => {
    const view = editor()
    view.dispatch({ selection: { anchor: 9 } })
    view.dispatch(quoting(view.state, '“Said.” (X)'))
    expect(view.state.doc.toString()).toBe('Mine. A drug. “Said.” (X) It heals. Yours.')
    expect(marked(view)).toEqual(both)
  })
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
        return [addPassage.of({ from: before?.from ?? from, to, model: 'm', seed: null, support: null, mark: '' })]
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
    expect(spansOf(editor.state)).toEqual([
      { span: { start: 7, end: 21 }, model: 'm', seed: null, support: null, mark: '' },
    ])
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
