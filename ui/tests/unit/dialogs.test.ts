/** Dialogs: what they ask comes back to whoever asked, by value, and is done. */

import { fireEvent, render, screen, within } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import Frame from '../../src/App.svelte'
import { subjectKey } from '../../src/features/annotate/mentions'
import { Session } from '../../src/features/annotate/session.svelte'
import { ManualClock } from '../../src/host/scripted/clock'
import { scriptedHost } from '../../src/host/scripted'
import { App } from '../../src/shared/app.svelte'
import { dialogs } from '../../src/shared/dialogs'

let app: App
let host: ReturnType<typeof scriptedHost>
const user = userEvent.setup()
// The whole window is drawn for each of these: that takes its time where other work shares the machine.
vi.setConfig({ testTimeout: 180_000 })

async function annotate() {
  host = scriptedHost({ scene: 'review', clock: new ManualClock() })
  app = new App(host, await host.start())
  host.watch((event) => app.hear(event))
  render(Frame, { app })
  app.go('annotate')
  const session = app.keep(Session)
  await vi.waitFor(() => expect(session.row).not.toBeNull())
  return session
}

const dialog = () => screen.findByRole('dialog')
const key = (chord: string) =>
  fireEvent.keyDown(window.document.body, { key: chord.replace('Shift+', ''), shiftKey: chord.startsWith('Shift+') })
const decisionOf = (session: Session, row: string) =>
  session.relations.find((one) => subjectKey(one.subject) === row)?.decision ?? null

describe('what a curator answers is stored, and taken back by one undo', () => {
  let session: Session
  beforeEach(async () => {
    session = await annotate()
  })

  async function isUndone(row: string) {
    await app.turn('undo')
    await vi.waitFor(() => expect(decisionOf(session, row)).toBeNull())
  }

  const row = async () => {
    session.nextOpen()
    await vi.waitFor(() => expect(session.sight.had(performance.now())).toBe(true))
    return session.selected ?? ''
  }

  test('an edit of the selected relation', async () => {
    const selected = await row()
    const before = session.row?.content.participants.map((one) => one.name)
    await key('e')
    await user.click(within(await dialog()).getByText('Swap the sides'))
    await user.click(within(await dialog()).getByText('Keep the change'))
    await vi.waitFor(() => expect(decisionOf(session, selected)?.verdict).toBe('edited'))
    expect(
      session.relations
        .find((one) => subjectKey(one.subject) === selected)
        ?.content.participants.map((one) => one.name),
    ).toEqual(before?.reverse())
    await isUndone(selected)
  })

  test.each(['a key', 'a letter and Enter', 'a click'])('a rejection with a reason, by %s', async (how) => {
    const selected = await row()
    await key('Shift+X')
    const list = within(await dialog()).getByRole('listbox')
    if (how === 'a key') await fireEvent.keyDown(list, { key: '2' })
    else if (how === 'a click') await user.click(within(list).getByText('The text denies it'))
    else {
      for (const letter of 'the t') await fireEvent.keyDown(list, { key: letter })
      await fireEvent.keyDown(list, { key: 'Enter' })
    }
    await vi.waitFor(() =>
      expect(decisionOf(session, selected)).toMatchObject({ verdict: 'rejected', reason: 'negated' }),
    )
    await isUndone(selected)
  })

  test('an id of a name', async () => {
    const selected = await row()
    await key('i')
    await fireEvent.keyDown(within(await dialog()).getByRole('listbox'), { key: '1' })
    await vi.waitFor(() => expect(decisionOf(session, selected)?.verdict).toBe('edited'))
    await isUndone(selected)
  })

  test('a note, and its words while it is not written', async () => {
    await row()
    const before = session.marks.notes.length
    await key('t')
    await user.type(within(await dialog()).getByLabelText('Note'), 'Only in rats')
    await fireEvent.keyDown(screen.getByLabelText('Note'), { key: 'Escape' })
    await vi.waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect(app.toasts.at(-1)?.text).toMatch(/not in the library yet/)
    await key('t')
    const field = within(await dialog()).getByLabelText<HTMLTextAreaElement>('Note')
    expect(field.value).toBe('Only in rats')
    const extracted = vi.spyOn(host, 'extract')
    await fireEvent.keyDown(field, { key: 'Enter', ctrlKey: true })
    await vi.waitFor(() => expect(session.marks.notes).toHaveLength(before + 1))
    expect(session.marks.notes.at(-1)?.text).toBe('Only in rats')
    expect(extracted, 'the page behind a dialog hears no key').not.toHaveBeenCalled()
    await app.turn('undo')
    await vi.waitFor(() => expect(session.marks.notes).toHaveLength(before))
  })

  test('the kind of a relation of one’s own, chosen by its first letters', async () => {
    session.chooseTask('ddi')
    const drugs = session.mentions.filter((mention) => mention.type === 'Chemical')
    const [first, second] = [drugs[0], drugs.find((one) => one.text.toLowerCase() !== drugs[0]?.text.toLowerCase())]
    if (!first || !second) throw new Error('two drugs are wanted')
    void session.marking.relate(first.id, second.id)
    const list = within(await dialog()).getByRole('listbox')
    await fireEvent.keyDown(list, { key: 'a' })
    await fireEvent.keyDown(list, { key: 'Enter' })
    await vi.waitFor(() =>
      expect(session.row).toMatchObject({ subject: { kind: 'added' }, content: { type: 'advise' } }),
    )
    expect(session.row?.content.participants.map((one) => one.concepts.length)).toEqual([1, 1])
    await app.turn('undo')
    await vi.waitFor(() => expect(session.relations.some((one) => one.subject.kind === 'added')).toBe(false))
  })

  test('all that is shown, but for what has a warning', async () => {
    await row()
    const open = session.deciding.acceptable
    const plain = open.filter((one) => (one.prediction?.warnings.length ?? 0) === 0)
    expect(open.length).toBeGreaterThan(plain.length)
    await key('Shift+A')
    const asked = await dialog()
    expect(within(asked).getAllByRole('checkbox')).toHaveLength(open.length)
    expect(within(asked).getAllByText(/^(not|may)$/).length).toBeGreaterThan(0)
    await user.click(within(asked).getByRole('button', { name: `Accept ${String(plain.length)}` }))
    await vi.waitFor(() => expect(session.deciding.acceptable).toHaveLength(open.length - plain.length))
  })
})

test('what nobody caught is shown and logged, without the words that it may hold', async () => {
  await annotate()
  const listeners = { error: (event: ErrorEvent) => app.uncaught(event.error) }
  window.addEventListener('error', listeners.error)
  window.dispatchEvent(
    new ErrorEvent('error', { error: new TypeError('null is not an object (evaluating “aspirin”)') }),
  )
  window.removeEventListener('error', listeners.error)
  expect(app.toasts.at(-1)).toMatchObject({ tone: 'error', text: 'null is not an object (evaluating “aspirin”)' })
  expect(host.world.reports).toHaveLength(1)
  expect(host.world.reports[0]).toMatch(/^TypeError/)
  expect(host.world.reports[0]).not.toMatch(/aspirin/)
})

describe('one dialog at a time', () => {
  test('what comes meanwhile waits until a note is written', async () => {
    await annotate()
    await key('t')
    await dialog()
    host.world.tell({ kind: 'askFallback', from: 'Radeon', to: 'the processor', reason: 'lost' })
    host.world.tell({ kind: 'dropped', paths: ['a.xml'] })
    expect(app.dialog?.kind).toBe('asked')
    await fireEvent.keyDown(screen.getByLabelText('Note'), { key: 'Escape' })
    await vi.waitFor(() => expect(app.dialog?.kind).toBe('fallback'))
    app.dialog = null
    expect(app.dialog).toMatchObject({ kind: 'import' })
  })

  test('a device that is gone is named in the answer, though its dialog is closed', async () => {
    await annotate()
    host.world.tell({ kind: 'askFallback', from: 'Radeon', to: 'the processor', reason: 'lost' })
    await user.click(within(await dialog()).getByText('Use the processor'))
    await vi.waitFor(() => expect(app.toasts.at(-1)?.text).toBe('Osler computes on the processor now'))
  })
})

test('duplicates of an import are skipped all at once, or one by one otherwise', async () => {
  host = scriptedHost({ scene: 'review' })
  app = new App(host, await host.start())
  host.watch((event) => app.hear(event))
  render(Frame, { app })
  app.go('library')
  app.preview({ kind: 'paths', paths: ['again-export.xml'], columns: {} })
  const box = within(await dialog())
  await box.findByText('3 documents are there already in another form.')
  expect(box.getByText('Import 12 documents?')).toBeDefined()
  await user.click(box.getByLabelText('Skip'))
  expect(box.getByText('Import 9 documents?')).toBeDefined()
  const [one] = box.getAllByLabelText(/^What to do with “/)
  if (!one) throw new Error('no duplicate is listed')
  await user.selectOptions(one, 'Update record')
  await user.click(box.getByText('Import 9'))
  await vi.waitFor(() =>
    expect(app.toasts.map((toast) => toast.text)).toContain(
      'Imported 9 documents, updated 1 record, skipped 2 duplicates',
    ),
  )
})

test('every dialog is in the one list of dialogs', () => {
  const sources = Object.values(
    import.meta.glob<string>('../../src/**/*.{svelte,ts}', { query: '?raw', import: 'default', eager: true }),
  )
  const named = sources.flatMap((source) =>
    [...source.matchAll(/<Dialog\s+name="(\w+)"|choose\(\s*(?:session\.)?app,\s*'(\w+)'/g)].map(
      (match) => match[1] ?? match[2],
    ),
  )
  expect([...new Set(named)].sort()).toEqual([...dialogs].sort())
})
