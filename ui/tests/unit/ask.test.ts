/** Ask: the sentences that speak about a question come first; where there is none, the text does not say. */

import { fireEvent, render, screen, within } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { expect, test, vi } from 'vitest'
import Frame from '../../src/App.svelte'
import { Questions } from '../../src/features/ask/asking.svelte'
import { scriptedHost } from '../../src/host/scripted'
import type { Clock } from '../../src/host/scripted/clock'
import { App } from '../../src/shared/app.svelte'

const user = userEvent.setup()
vi.setConfig({ testTimeout: 180_000 })
const patience = { timeout: 60_000 }
const quick: Clock = {
  now: () => Date.UTC(2026, 10, 22, 9, 30),
  sleep: () => new Promise((resolve) => setTimeout(resolve)),
}

async function open() {
  const host = scriptedHost({ scene: 'samples', clock: quick })
  const app = new App(host, await host.start(), quick.now)
  host.watch((event) => app.hear(event))
  render(Frame, { app })
  app.go('ask')
  return { app, host, questions: app.keep(Questions) }
}

async function ask(question: string, scope: 'document' | 'library' = 'document') {
  const field = await screen.findByRole('textbox', { name: 'Question' }, patience)
  await fireEvent.input(field, { target: { value: question } })
  await fireEvent.change(screen.getByLabelText('Which documents'), { target: { value: scope } })
  const form = field.closest('form')
  if (form) await fireEvent.submit(form)
}

test('evidence comes first, each sentence with its stance in words; what the model makes of it is closed', async () => {
  const { app, questions } = await open()
  await vi.waitFor(() => expect(app.document).not.toBeNull(), patience)
  await ask('Does amiodarone cause hepatotoxicity?')
  const evidence = await screen.findByRole('list', { name: 'Evidence' }, patience)
  const sentences = within(evidence).getAllByRole('button')
  expect(sentences.length).toBe(questions.answers[0]?.evidence.length)
  for (const sentence of sentences) expect(sentence).toHaveTextContent(/^(For|Against|Open)/)
  const [first] = sentences
  if (!first) throw new Error('no evidence')
  await user.click(first)
  expect(first).toHaveAttribute('aria-pressed', 'true')
  const details = screen.getByText('What the model makes of it').closest('details')
  expect(details?.open).toBe(false)
  expect(questions.answers[0]?.influences).toBeNull()
  await user.click(screen.getByText('What the model makes of it'))
  await user.click(await screen.findByRole('button', { name: 'Leave out each sentence' }, patience))
  await vi.waitFor(() => expect(questions.answers[0]?.influences?.length).toBeGreaterThan(0), patience)
  expect(questions.answers.length).toBe(1)
})

test('a text that does not say gets no verdict, but what was looked for', async () => {
  const { app, questions } = await open()
  await vi.waitFor(() => expect(app.document).not.toBeNull(), patience)
  await ask('Does metformin cause hepatotoxicity?')
  expect(await screen.findByText('This text does not say', {}, patience)).toBeVisible()
  const sought = screen.getByRole('list', { name: 'What was looked for' })
  expect(sought).toHaveTextContent('metformin in no sentence')
  expect(screen.queryByRole('list', { name: 'Evidence' })).toBeNull()
  expect(questions.answers[0]?.verdict).toBe('notStated')
})

test('of the whole library only what says something is in the table, with a quote, a filter and the way out', async () => {
  const { app, questions } = await open()
  await ask('Does amiodarone cause hepatotoxicity?', 'library')
  await vi.waitFor(() => expect(questions.running).toBe(false), patience)
  expect(questions.answers.length).toBeGreaterThan(0)
  expect(questions.answers.length).toBeLessThan(app.library.documents)
  expect(questions.answers.every((one) => one.evidence.length > 0)).toBe(true)
  const yes = questions.answers.filter((one) => one.verdict === 'yes').map((one) => one.document)
  await user.click(screen.getByLabelText(/^Yes \d+$/))
  await user.click(screen.getByRole('button', { name: 'Export these' }))
  expect(app.dialog).toMatchObject({ kind: 'export', scope: { kind: 'documents', documents: yes } })
})

test('a library that says nothing says what was looked for', async () => {
  const { questions } = await open()
  await ask('Does blorfenazine cause tremor?', 'library')
  expect(await screen.findByText(/^No document of this library says anything/, {}, patience)).toBeVisible()
  expect(screen.getByRole('list', { name: 'What was looked for' })).toHaveTextContent('blorfenazine in no document')
  expect(questions.answers).toEqual([])
})
