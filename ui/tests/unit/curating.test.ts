/** What a curator sees of a relation and may do with it: all of its evidence, the tasks apart, and why a model is not asked. */

import { fireEvent, render, screen, within } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { expect, test, vi } from 'vitest'
import Frame from '../../src/App.svelte'
import { Session } from '../../src/features/annotate/session.svelte'
import { scriptedHost } from '../../src/host/scripted'
import type { EvidenceReading } from '../../src/host/types'
import type { Clock } from '../../src/host/scripted/clock'
import { App } from '../../src/shared/app.svelte'
import { taskOfRelation } from '../../src/shared/words'

const user = userEvent.setup()
vi.setConfig({ testTimeout: 180_000 })
const quick: Clock = {
  now: () => Date.UTC(2026, 10, 22, 9, 30),
  sleep: () => new Promise((resolve) => setTimeout(resolve)),
}
const patience = { timeout: 60_000 }

async function open(change: (host: ReturnType<typeof scriptedHost>) => void = () => undefined) {
  const host = scriptedHost({ scene: 'review', clock: quick })
  change(host)
  const app = new App(host, await host.start(), quick.now)
  host.watch((event) => app.hear(event))
  render(Frame, { app })
  return { app, host, session: app.keep(Session) }
}

async function annotate(change?: (host: ReturnType<typeof scriptedHost>) => void) {
  const opened = await open(change)
  opened.app.go('annotate')
  await vi.waitFor(() => expect(opened.session.row).not.toBeNull(), patience)
  return opened
}

test('every sentence that a relation rests on is quoted, with what it says and where it is', async () => {
  const { session } = await annotate((host) => {
    const document = host.document.bind(host)
    host.document = async (id) => {
      const view = await document(id)
      const readings: EvidenceReading[] = [
        { stance: 'partly', place: 'abstract, Results', reason: 'hedged by “may”' },
        { stance: 'background', place: '', reason: 'does not name both' },
      ]
      const two = view.sentences.slice(1, 3).map((span, at) => ({ ...span, reading: readings[at] ?? null }))
      return {
        ...view,
        marks: {
          ...view.marks,
          annotations: view.marks.annotations.map((one) =>
            one.prediction ? { ...one, prediction: { ...one.prediction, evidence: two } } : one,
          ),
        },
      }
    }
  })
  const { view } = session
  const expected = view?.sentences.slice(1, 3).map(({ start, end }) => view.text.slice(start, end).trim())
  expect(expected).toHaveLength(2)
  await vi.waitFor(
    () =>
      expect([...document.querySelectorAll('.detail blockquote')].map((one) => one.textContent.trim())).toEqual(
        expected,
      ),
    patience,
  )
  const words = (one: Element) => one.textContent.replace(/\s+/g, ' ').trim()
  const said = [...document.querySelectorAll('.detail .reading')].map((one) => [...one.children].map(words))
  expect(said).toEqual([
    ['Partly', 'hedged by “may” · abstract, Results'],
    ['Background', 'does not name both'],
  ])
})

test('relations of several tasks can be looked at apart', async () => {
  const { session } = await annotate()
  const { view } = session
  if (!view) throw new Error('no document')
  await session.runs.extract({ id: view.id, name: view.title }, session.tasks.includes('ddi') ? 'bc5cdr' : 'ddi')
  const select = await screen.findByLabelText('Only relations of', {}, patience)
  expect(new Set(session.rows.map((row) => taskOfRelation(row.content.type))).size).toBe(2)
  await user.selectOptions(select, 'ddi')
  expect(new Set(session.rows.map((row) => taskOfRelation(row.content.type)))).toEqual(new Set(['ddi']))
  await user.selectOptions(select, '')
  expect(new Set(session.rows.map((row) => taskOfRelation(row.content.type))).size).toBe(2)
})

test('a model that was not tuned for a task is not asked for it, and why is said where one would ask', async () => {
  const { app, session } = await annotate()
  app.models = app.models.map((model) => (model.id === app.engine.modelId ? { ...model, tasks: ['ddi'] } : model))
  session.chooseTask('bc5cdr')
  expect(
    await screen.findByText(
      /was not tuned for “Chemical-induced disease”. Choose another task, or another model in Models/,
      {},
      patience,
    ),
  ).toBeVisible()
  expect(screen.getByRole('button', { name: /^Extract/ })).toBeDisabled()
  session.chooseTask('ddi')
  await vi.waitFor(() => expect(screen.getByRole('button', { name: /^Extract/ })).toBeEnabled(), patience)
})

test('that a key is taken is said beside the command that should have had it', async () => {
  const { app } = await open()
  app.go('settings')
  await user.type(await screen.findByLabelText('Find a command', {}, patience), 'Reject with')
  const row = (await screen.findByText('Reject with a reason')).closest('li')
  if (!row) throw new Error('no row')
  await user.click(within(row).getByRole('button', { name: /Key of Reject with a reason/ }))
  await fireEvent.keyDown(document.activeElement ?? row, { key: 'a' })
  expect(within(row).getByRole('alert')).toHaveTextContent('A already means “Accept”. Give that another key first.')
})
