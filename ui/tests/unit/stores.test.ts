import { describe, expect, test, vi } from 'vitest'
import { ManualClock } from '../../src/host/scripted/clock'
import { scriptedHost } from '../../src/host/scripted'
import { subjectKey } from '../../src/features/annotate/mentions'
import { Session } from '../../src/features/annotate/session.svelte'
import { Questions } from '../../src/features/ask/asking.svelte'
import { App } from '../../src/shared/app.svelte'
import { DocumentList } from '../../src/shared/documents.svelte'
import { ago, bytes, duration, pieces } from '../../src/shared/format'
import { zoomed } from '../../src/shared/zoom'

const everything = { undecided: false, withoutTask: null, origin: null }

async function openApp(scene: 'samples' | 'review' = 'review') {
  const clock = new ManualClock()
  const host = scriptedHost({ scene, clock })
  const app = new App(host, await host.start(), () => clock.now())
  host.watch((event) => app.hear(event))
  return { app, host, clock }
}

describe('the document list', () => {
  test('asks for rows in view only, and once', async () => {
    const host = scriptedHost({ scene: 'many', clock: new ManualClock() })
    const asked = vi.spyOn(host, 'documentSummaries')
    const list = new DocumentList(host)
    await list.load('newestFirst', everything)
    expect(list.ids).toHaveLength(10_000)
    expect(list.rows.size).toBe(60)
    list.need(5_000)
    list.need(5_001)
    await vi.waitFor(() => expect(list.rows.size).toBe(120))
    expect(asked).toHaveBeenCalledTimes(2)
    expect(list.rows.get(list.ids[5_000] ?? 0)?.title).toBeTruthy()
  })
})

describe('the app', () => {
  test('says what was done and what was undone', async () => {
    const { app, host } = await openApp()
    const { entries } = await host.queue(
      'uncertainty',
      { undecided: true, document: null, task: null, type: null, atLeast: null },
      null,
      1,
    )
    const [entry] = entries
    if (!entry) throw new Error('nothing is open')
    const before = app.library.decided
    await app.act(() => host.decide([{ kind: 'accept', subject: entry.annotation.subject }]))
    expect(app.toasts.at(-1)?.text).toBe('Accepted 1 relation')
    expect(app.library.decided).toBe(before + 1)
    await app.turn('undo')
    expect(app.toasts.at(-1)?.text).toBe('Undone: accepted 1 relation')
    expect(app.library.decided).toBe(before)
    await app.turn('redo')
    expect(app.toasts.at(-1)?.text).toBe('Redone: accepted 1 relation')
  })

  test('shows an error with its details instead of throwing', async () => {
    const { app, host } = await openApp()
    expect(await app.act(() => host.decide([{ kind: 'accept', subject: { kind: 'finding', id: 999_999 } }]))).toBeNull()
    expect(app.toasts.at(-1)).toMatchObject({ tone: 'error' })
    app.toasts.at(-1)?.action?.run()
    expect(app.dialog).toMatchObject({ kind: 'error', error: { code: 'notFound' } })
  })

  test('what is dropped on Models is a model, elsewhere documents', async () => {
    const { app, host } = await openApp()
    host.world.tell({ kind: 'dropHover', paths: ['a.xml'] })
    expect(app.dropping).toEqual(['a.xml'])
    host.world.tell({ kind: 'dropped', paths: ['a.xml'] })
    expect(app.dropping).toBeNull()
    expect(app.dialog).toMatchObject({ kind: 'import' })
    app.dialog = null
    app.go('models')
    host.world.tell({ kind: 'dropped', paths: ['BioGPT'] })
    await vi.waitFor(() => expect(app.dialog).toMatchObject({ kind: 'modelImport', preview: { folder: 'BioGPT' } }))
  })

  test('keeps settings, and new keys hold at once', async () => {
    const { app, host } = await openApp()
    app.save({ keys: [{ command: 'keys', keys: ['F1'] }] })
    expect(host.world.settings.keys).toHaveLength(1)
    expect(app.commands.firstKey('keys')).toBe('F1')
  })

  test('an answer outlives the screen that asked, and is told where one does not look', async () => {
    const { app, host, clock } = await openApp()
    app.go('ask')
    const questions = app.keep(Questions)
    questions.question = 'Does amiodarone cause hepatotoxicity?'
    const [document] = await host.documentIds('newestFirst', everything)
    questions.ask([document ?? 0])
    expect([app.jobs.running, app.jobs.screen]).toEqual([1, 'ask'])
    app.go('library')
    await vi.waitFor(async () => {
      await clock.advance(500)
      expect(questions.running).toBe(false)
    })
    expect(app.keep(Questions).answers).toHaveLength(1)
    expect(app.toasts.at(-1)?.text).toBe('The question is answered')
    app.toasts.at(-1)?.action?.run()
    expect(app.screen).toBe('ask')
    await app.switchTo(() => host.openLibrary(null))
    expect(app.keep(Questions).answers).toHaveLength(0)
  })

  test('a run over one document goes on while another is open, and is kept', async () => {
    const { app, host, clock } = await openApp('samples')
    app.go('annotate')
    const session = app.keep(Session)
    const [first, second] = await host.documentIds('newestFirst', everything)
    await session.open(first ?? 0)
    session.extract()
    expect(session.extraction).not.toBeNull()
    await session.open(second ?? 0)
    expect(session.extraction).toBeNull()
    await vi.waitFor(async () => {
      await clock.advance(500)
      expect(app.jobs.running).toBe(0)
    })
    expect(app.toasts.at(-1)?.text).toMatch(/ in sample-/)
    expect(session.relations).toHaveLength(0)
    await session.open(first ?? 0)
    expect(session.relations.length).toBeGreaterThan(0)
  })

  test('deciding goes on along the queue, also into another document', async () => {
    const { app, host } = await openApp()
    const session = app.keep(Session)
    const { entries } = await host.queue(
      'uncertainty',
      { undecided: true, document: null, task: null, type: null, atLeast: null },
      null,
      50,
    )
    const [first] = entries
    const other = entries.find((entry) => entry.document !== first?.document)
    if (!first || !other) throw new Error('the queue is too short')
    const key = (entry: typeof other) => subjectKey(entry.annotation.subject)
    await session.queue.choose('uncertainty')
    await session.open(first.document)
    expect(session.selected, 'the queue begins with its first entry').toBe(key(first))
    const before = entries[entries.indexOf(other) - 1] ?? first
    session.show(before.document, key(before))
    await session.open(before.document)
    await session.deciding.accept()
    expect(app.document).toBe(other.document)
    await session.open(other.document)
    expect(session.selected).toBe(key(other))
  })

  test('a participant without a role is called after what stands at its place', async () => {
    const { app } = await openApp()
    const session = new Session(app)
    const [id] = await app.host.documentIds('newestFirst', everything)
    await session.open(id ?? 0)
    const mention = session.mentions[0]
    if (!mention) throw new Error('nothing is mentioned')
    const participant = { role: '', name: mention.text, spans: mention.ranges, concepts: [], grade: 'exact' as const }
    expect(session.sideOf(participant, 0)).toBe(mention.type)
    expect(session.sideOf({ ...participant, role: 'Drug' }, 0)).toBe('Drug')
    expect(session.sideOf({ ...participant, spans: [] }, 1)).toBe('Name 2')
  })

  test('only the newest step offers to be undone', async () => {
    const { app } = await openApp()
    app.step('Accepted 1 relation', null)
    app.toast('Copied')
    app.step('Rejected 1 relation', null)
    expect(app.toasts.map((toast) => toast.text)).toEqual(['Copied', 'Rejected 1 relation'])
  })

  test('a device that fails is asked about, and the answer is a setting', async () => {
    const { app, host } = await openApp()
    host.world.tell({
      kind: 'askFallback',
      from: 'Radeon 780M',
      to: 'the processor',
      reason: 'The driver lost the device.',
    })
    expect(app.dialog).toMatchObject({ kind: 'fallback', from: 'Radeon 780M' })
    expect((await host.answerFallback(true)).device).toEqual({ kind: 'device', id: 'cpu' })
  })

  test('Stop stops the newest job', async () => {
    const { app } = await openApp()
    const [first, second] = [{ cancel: vi.fn() }, { cancel: vi.fn() }]
    app.jobs.track(first, 'ask')
    const done = app.jobs.track(second, 'write')
    app.jobs.stop()
    done()
    app.jobs.stop()
    expect([first.cancel.mock.calls.length, second.cancel.mock.calls.length, app.jobs.running]).toEqual([1, 1, 1])
  })
})

test('figures as people read them', () => {
  expect([bytes(512), bytes(29_640_112), bytes(6_286_379_143)]).toEqual(['512\u202fB', '29.6\u202fMB', '6.3\u202fGB'])
  expect([duration(0.2), duration(59), duration(600), duration(7_500)]).toEqual(['1 s', '59 s', '10 min', '2 h 5 min'])
  const now = Date.UTC(2026, 10, 22, 12)
  expect([ago(now - 1_000, now), ago(now - 7_200_000, now), ago(now - 86_400_000 * 30, now)]).toEqual([
    'just now',
    '2 h ago',
    '23 Oct 2026',
  ])
  expect(pieces('a big cat', [{ start: 2, end: 5 }])).toEqual([
    { text: 'a ', marked: false },
    { text: 'big', marked: true },
    { text: ' cat', marked: false },
  ])
  expect([zoomed(1, 1), zoomed(2, 1), zoomed(0.8, -1), zoomed(1.3, -1)]).toEqual([1.1, 2, 0.8, 1.1])
})
