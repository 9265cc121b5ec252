/** From the first start to the export, as a newcomer and as a curator walk it: what each screen leads to. */

import { fireEvent, render, screen, within } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { afterEach, describe, expect, test, vi } from 'vitest'
import Frame from '../../src/App.svelte'
import { Session } from '../../src/features/annotate/session.svelte'
import { Questions } from '../../src/features/ask/asking.svelte'
import { Ladder } from '../../src/features/write/ladder.svelte'
import { scriptedHost, type Scene } from '../../src/host/scripted'
import type { Clock } from '../../src/host/scripted/clock'
import { App } from '../../src/shared/app.svelte'

const user = userEvent.setup()
// The whole window is drawn for each of these: that takes its time where other work shares the machine.
vi.setConfig({ testTimeout: 180_000 })
/** Time flies. */
const quick: Clock = {
  now: () => Date.UTC(2026, 10, 22, 9, 30),
  sleep: () => new Promise((resolve) => setTimeout(resolve)),
}

async function open(scene: Scene) {
  const host = scriptedHost({ scene, clock: quick })
  const app = new App(host, await host.start(), quick.now)
  host.watch((event) => app.hear(event))
  render(Frame, { app })
  return { app, host, session: app.keep(Session) }
}

const press = (key: string, more: Partial<KeyboardEventInit> = {}) =>
  fireEvent.keyDown(document.activeElement ?? document.body, { key, ...more })
const patience = { timeout: 60_000 }

afterEach(() => vi.restoreAllMocks())

test('the first path ends in a result: the sample that opens is read for what it is about, and asked what it can answer', async () => {
  const { app, session } = await open('empty')
  expect(await screen.findByText(/^Osler reads biomedical abstracts and proposes/)).toBeVisible()
  await user.click(screen.getByText('Try three samples'))
  await vi.waitFor(() => expect(document.getElementById('import-accept')).toBeEnabled(), patience)
  await user.click(document.getElementById('import-accept') as HTMLElement)
  await vi.waitFor(() => expect(app.library.documents).toBe(3), patience)
  await vi.waitFor(() => expect(app.jobs.running).toBe(0), patience)
  app.go('annotate')
  await vi.waitFor(() => expect(session.view?.title).toMatch(/^Amiodarone/), patience)
  expect(session.task).toBe('bc5cdr')
  expect(session.rows.length).toBeGreaterThan(3)
  const second = session.neighbours[1] ?? 0
  app.document = second
  await vi.waitFor(() => expect(session.view?.id).toBe(second))
  expect([session.task, session.rows.length > 0]).toEqual(['ddi', true])
  app.go('ask')
  expect(await screen.findByText('Does fluconazole increase the exposure of warfarin?', {}, patience)).toBeVisible()
  expect(screen.queryByText('Does amiodarone cause hepatotoxicity?')).toBeNull()
  await user.click(screen.getByText('Does fluconazole increase the exposure of warfarin?'))
  await screen.findByText('What the model makes of it', {}, patience)
  await user.click(screen.getByText('What the model makes of it'))
  expect(screen.getByText(/always answering “yes” reaches 55.2. Do not rely on it/)).toBeVisible()
})

test('a finished batch leads to its review and to its export', async () => {
  const { app, host, session } = await open('samples')
  app.go('batch')
  const documents = await host.documentIds('newestFirst', { undecided: false, withoutTask: null, origin: null })
  await host.startBatch({ task: 'bc5cdr', question: null, documents, mode: 'exhaustive' })
  await user.click(await screen.findByText(/^Review \d+ findings$/, {}, patience))
  await vi.waitFor(() => expect(app.screen).toBe('annotate'))
  await vi.waitFor(() => expect(session.row).not.toBeNull(), patience)
  app.go('batch')
  await user.click(await screen.findByText('Export', {}, patience))
  await vi.waitFor(() => expect(app.dialog).toMatchObject({ kind: 'export', scope: { kind: 'documents' } }))
  expect(
    app.dialog?.kind === 'export' && app.dialog.scope.kind === 'documents' && [...app.dialog.scope.documents].sort(),
  ).toEqual([...documents].sort())
})

test('the labels that a batch has stored are shown where labels are looked at', async () => {
  const { app, host } = await open('samples')
  const documents = await host.documentIds('newestFirst', { undecided: false, withoutTask: null, origin: null })
  const questions = app.keep(Questions)
  app.go('ask')
  questions.mode = 'hallmarks'
  questions.classify(documents)
  await vi.waitFor(() => expect(questions.running).toBe(false), patience)
  const has = () =>
    questions.labelled.map(
      ({ document, sentences, threshold }) =>
        [
          document,
          sentences.flatMap(({ span, scores }) =>
            scores
              .filter((one) => one.probability > 0 && one.probability >= threshold)
              .map((one) => `${String(span.start)} ${one.label}`),
          ),
        ] as const,
    )
  const before = has()
  expect(before.flatMap(([, labels]) => labels).length).toBeGreaterThan(2)
  await questions.loadLabels(documents.map((id) => ({ id, title: 'A document' })))
  expect(new Map(has())).toEqual(new Map(before))
  const [first] = questions.labelled.filter((one) => one.labels.length > 0)
  questions.opened = first?.document ?? null
  await vi.waitFor(
    () => expect(screen.getByText('Only what was stored is shown.', { exact: false })).toBeVisible(),
    patience,
  )
})

test('documents that failed in a batch can be tried again, and why it stopped is said', async () => {
  const { app, host } = await open('samples')
  const documents = await host.documentIds('newestFirst', { undecided: false, withoutTask: null, origin: null })
  const batch = await host.startBatch({ task: 'bc5cdr', question: null, documents, mode: 'exhaustive' })
  await vi.waitFor(() => expect(app.batches[0]?.state).toBe('finished'), patience)
  app.go('batch')
  await screen.findByText(/^Review \d+ findings$/, {}, patience)
  expect(screen.queryByText(/failed again/)).toBeNull()
  const retry = vi.spyOn(host, 'retryBatch')
  const problem = { code: 'diskFull', message: 'The disk is full.', hint: 'Free some space.' } as const
  const [stored] = await host.batches()
  if (!stored) throw new Error('no batch')
  app.hear({ kind: 'batch', batch: { ...stored, state: 'paused', failed: 1, problem } })
  expect(await screen.findByText('The disk is full.', { exact: false })).toBeVisible()
  await user.click(screen.getByText('Try 1 failed again'))
  await vi.waitFor(() => expect(retry).toHaveBeenCalledWith(batch.id))
})

test('how far a long text is read is said', async () => {
  const { app, host, session } = await open('samples')
  const progress = { tokens: 0, tokensPerSecond: 0, parts: 110 }
  host.extract = (_request, listener) => {
    listener({ seq: 0, kind: 'started', run: 1, promptTokens: 900, parts: 110 })
    listener({ seq: 1, kind: 'progress', part: 11, ...progress })
    return { id: 'long', cancel: () => undefined }
  }
  app.go('annotate')
  await vi.waitFor(() => expect(session.view).not.toBeNull(), patience)
  void session.extract()
  expect(await screen.findByText('Reading part 12 of 110…', {}, patience)).toBeVisible()
  expect(Number(screen.getByRole('progressbar', { name: 'Extracting' }).getAttribute('aria-valuenow'))).toBeCloseTo(
    10,
    0,
  )
})

test('a table whose text is in a column of another name asks which one it is', async () => {
  const { app } = await open('empty')
  app.preview({ kind: 'paths', paths: ['/home/ada/notes.csv'], columns: {} })
  const dialog = await screen.findByRole('dialog')
  const column = await within(dialog).findByLabelText('Column with the text of notes.csv', {}, patience)
  expect(within(dialog).getByText(/has no column named title, abstract or text/)).toBeVisible()
  await user.selectOptions(column, 'finding')
  await vi.waitFor(() => expect(document.getElementById('import-accept')).toBeEnabled(), patience)
  await user.click(document.getElementById('import-accept') as HTMLElement)
  await vi.waitFor(() => expect(app.library.documents).toBe(1), patience)
  const [id = 0] = await app.host.documentIds('newestFirst', { undecided: false, withoutTask: null, origin: null })
  expect((await app.host.document(id)).text).toBe('Lithium caused tremor.')
})

test('a batch that stands still says so on the first screen', async () => {
  const { app, host } = await open('samples')
  const documents = await host.documentIds('newestFirst', { undecided: false, withoutTask: null, origin: null })
  const batch = await host.startBatch({ task: 'bc5cdr', question: null, documents, mode: 'exhaustive' })
  await host.pauseBatch(batch.id)
  app.batches = await host.batches()
  expect(await screen.findByText(/A batch stands still: \d of 3 documents are done/)).toBeVisible()
  await user.click(screen.getByText('Go on'))
  await vi.waitFor(() => expect(app.batches[0]?.state).toBe('finished'), patience)
})

describe('Ctrl+F', () => {
  test.each([
    ['library', 'Search the library'],
    ['annotate', 'Find in this text'],
    ['batch', 'Search the library'],
    ['models', 'Search the library'],
    ['settings', 'Find a command'],
  ] as const)('on %s goes to its field before the next key, and letters are text', async (name, field) => {
    const { app, session, host } = await open('review')
    app.go(name)
    if (name === 'annotate') await vi.waitFor(() => expect(session.row).not.toBeNull(), patience)
    else await vi.waitFor(() => expect(document.querySelector('main h1')).not.toBeNull())
    const decide = vi.spyOn(host, 'decide')
    await press('f', { ctrlKey: true })
    expect(document.activeElement).toHaveAccessibleName(field)
    for (const key of 'larkspur') await press(key)
    await user.keyboard('larkspur')
    expect(decide).not.toHaveBeenCalled()
    if (name !== 'annotate') return
    expect(session.marking.found.length).toBeGreaterThan(0)
    await press('ArrowDown')
    expect(session.marking.foundAt).toBe(1)
    await press('Escape')
    expect(session.marking.found).toEqual([])
  })

  test('results are walked by arrow keys and opened by Enter', async () => {
    const { app, host } = await open('review')
    await vi.waitFor(() => expect(screen.queryByLabelText('Search the library')).not.toBeNull(), patience)
    const remove = vi.spyOn(host, 'removeDocuments')
    await press('f', { ctrlKey: true })
    await user.keyboard('warfarin')
    await screen.findByText(/places for “warfarin”/, {}, patience)
    await press('ArrowDown')
    expect(document.activeElement).toHaveTextContent(/^Fluconazole and clarithromycin/)
    // The list is out of sight: no key is about a document of it.
    await press('Delete')
    await press(' ')
    expect([remove.mock.calls.length, app.chosen]).toEqual([0, []])
    await press('ArrowDown')
    expect(document.activeElement).toHaveTextContent(/^Warfarin and azoles/)
    await press('ArrowUp')
    await press('ArrowUp')
    expect(document.activeElement).toHaveAccessibleName('Search the library')
    await press('Enter')
    await vi.waitFor(() => expect(app.screen).toBe('annotate'))
  })
})

describe('undo', () => {
  test('on Models brings back the model that was removed, and touches no decision', async () => {
    const { app, host } = await open('review')
    app.go('models')
    await user.click(await screen.findByRole('button', { name: /^BioGPT RE-BC5CDR/ }, patience))
    await user.click(await screen.findByLabelText('Remove'))
    expect(await screen.findByText(/BioGPT RE-BC5CDR was removed. Its files go when Osler is closed/)).toBeVisible()
    // Its button is gone with it; the focus is not.
    await vi.waitFor(() => expect(document.activeElement).not.toBe(document.body))
    const undo = vi.spyOn(host, 'undo')
    await press('z', { ctrlKey: true })
    await vi.waitFor(() => expect(app.models.map((model) => model.name)).toContain('BioGPT RE-BC5CDR'), patience)
    expect(undo).not.toHaveBeenCalled()
  })

  test('where the screen does not show it is said first what it would take back', async () => {
    const { app, host } = await open('review')
    const { entries } = await host.queue(
      'uncertainty',
      { undecided: true, document: null, task: null, type: null, atLeast: null },
      null,
      1,
    )
    await app.act(() => host.decide(entries.map((entry) => ({ kind: 'accept', subject: entry.annotation.subject }))))
    app.go('settings')
    const undo = vi.spyOn(host, 'undo')
    await app.turnHere('undo')
    expect(undo).not.toHaveBeenCalled()
    expect(app.toasts.at(-1)?.text).toBe('Undo: accepted 1 relation? It is not on this screen.')
    app.toasts.at(-1)?.action?.run()
    await vi.waitFor(() => expect(undo).toHaveBeenCalledOnce())
  })
})

test('a held key decides once', async () => {
  const { app, session, host } = await open('review')
  app.go('annotate')
  await vi.waitFor(() => expect(session.row).not.toBeNull(), patience)
  session.nextOpen()
  await vi.waitFor(() => expect(session.sight.had(performance.now())).toBe(true))
  const decide = vi.spyOn(host, 'decide')
  await press('a')
  for (let time = 0; time < 5; time += 1) await press('a', { repeat: true })
  await vi.waitFor(() => expect(session.deciding.pending.size).toBe(0))
  expect(decide).toHaveBeenCalledOnce()
})

test('what a model writes is marked as not checked wherever it stands, and no figure stands for its truth', async () => {
  const { app } = await open('review')
  app.go('write')
  const field = await screen.findByLabelText('Term to describe', {}, patience)
  await user.type(field, 'blorfenazine{Enter}')
  await user.click(await screen.findByRole('button', { name: 'Write without a source…' }, patience))
  expect(screen.queryByRole('article')).toBeNull()
  expect(screen.getByRole('alert')).toHaveTextContent('Not checked. May be false.')
  await user.click(screen.getByRole('button', { name: 'Write it all the same' }))
  await vi.waitFor(() => expect(app.keep(Ladder).draft.running).toBe(false), patience)
  const [candidate] = screen.getAllByRole('article')
  if (!candidate) throw new Error('nothing was written')
  expect(within(candidate).getByText('Not checked. May be false.')).toBeVisible()
  expect(candidate).not.toHaveTextContent(/\d\s*%/)
  // Not mended: a draft has no preview of its Markdown; headings and emphasis are set in the editor itself, and a file is previewed on export.
  expect(screen.queryByText('Preview')).toBeNull()
  for (const token of candidate.querySelectorAll('.token')) expect(token.getAttribute('title')).not.toMatch(/%/)
})

test('records that come twice, and titles without a text, are flagged before they are imported', async () => {
  const { app } = await open('empty')
  const one = { sourceId: '123', title: 'Lithium and tremor', text: 'Lithium may cause tremor in old patients.' }
  app.preview({
    kind: 'documents',
    origin: 'a file',
    documents: [
      one,
      { ...one, text: 'Another text under the same id and title.' },
      { sourceId: '124', title: 'A title and nothing else', text: '' },
    ],
  })
  const dialog = await screen.findByRole('dialog')
  expect(await within(dialog).findAllByText('twice in this import', {}, patience)).toHaveLength(2)
  expect(within(dialog).getAllByText('title only')).toHaveLength(1)
  // One of them is left out, and is not imported.
  await user.click(within(dialog).getByLabelText('Import “A title and nothing else”'))
  expect(within(dialog).getByText('Import 2 documents?')).toBeVisible()
  await user.click(document.getElementById('import-accept') as HTMLElement)
  await vi.waitFor(() => expect(app.library.documents).toBe(2), patience)
})
