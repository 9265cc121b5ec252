import { render, screen } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { alarmsOf, groupsOf, markedText } from '../../src/features/write/checking'
import type { Candidate } from '../../src/features/write/describing.svelte'
import { citationOf, Ladder, quotation, sourcesOf } from '../../src/features/write/ladder.svelte'
import { selectedWithMarks } from '../../src/features/write/selection'
import { ManualClock } from '../../src/host/scripted/clock'
import { scriptedHost, type ScriptedHost } from '../../src/host/scripted'
import type { CheckedText, Token } from '../../src/host/types'
import { App } from '../../src/shared/app.svelte'
import LookUp from './LookUp.svelte'

const word = (text: string): Token => ({ text, logProbability: -0.1, alternatives: [] })
const candidate = (texts: string[], checked: CheckedText | null = null): Candidate => ({
  seed: null,
  beginning: [],
  tokens: texts.map(word),
  tentative: '',
  ended: 'complete',
  meanLogProbability: null,
  checked,
})

let clock: ManualClock
let host: ScriptedHost
let app: App
let ladder: Ladder

beforeEach(async () => {
  clock = new ManualClock()
  host = scriptedHost({ scene: 'review', clock })
  app = new App(host, await host.start(), () => clock.now())
  host.watch((event) => app.hear(event))
  ladder = app.keep(Ladder)
})

async function lookUp(term: string) {
  const looking = ladder.lookUp(term)
  await clock.advance(1_000)
  await looking
}

describe('what is known of a term', () => {
  test('comes from sources, and nothing is generated unasked', async () => {
    const described = vi.spyOn(host, 'describe')
    await lookUp('Amiodarone')
    expect(ladder.knowledge?.known).toBe(true)
    expect(ladder.meaning?.texts.map((one) => one.number)).toEqual([1, 2, 3])
    expect(ladder.isUnsourced).toBe(false)
    expect(described).not.toHaveBeenCalled()
  })

  test('is not taken together where the term means several things', async () => {
    await lookUp('cold')
    expect(ladder.isAmbiguous && ladder.mustChoose).toBe(true)
    expect(ladder.sources).toEqual([])
    const described = vi.spyOn(host, 'describe')
    ladder.write()
    expect(described).not.toHaveBeenCalled()
    ladder.choose(1)
    expect(ladder.meaning?.name).toBe('chronic obstructive pulmonary disease')
    expect(ladder.sources.map((one) => one.number)).toEqual([3])
    ladder.choose(2)
    expect(ladder.isUnsourced, 'a meaning without a text is no source').toBe(true)
  })

  test('is said not to be where nobody knows it, with what is spelled almost like it', async () => {
    await lookUp('zorbitalimab')
    expect(ladder.knowledge).toMatchObject({ known: false, near: [], library: [] })
    await lookUp('asprin')
    expect(ladder.knowledge).toMatchObject({ known: false, near: ['aspirin'] })
  })

  test('of the library is what defines, with its place in the document', async () => {
    await lookUp('sorafenib')
    const [line] = ladder.knowledge?.library ?? []
    if (!line) throw new Error('nothing defines it')
    const { text } = await host.document(line.document)
    expect(text.slice(line.span.start, line.span.end)).toBe(line.sentence)
    expect(line.sentence.slice(line.highlight.start, line.highlight.end)).toBe('sorafenib')
    expect(ladder.knowledge?.mentions).toBe(3)
    expect(citationOf(line)).toBe(`“${line.title}”, sample-3`)
  })

  test('is that of the last term that was looked up', async () => {
    const first = ladder.lookUp('amiodarone')
    const second = ladder.lookUp('sorafenib')
    await clock.advance(1_000)
    await Promise.all([first, second])
    expect(ladder.knowledge?.term).toBe('sorafenib')
    expect(ladder.looking).toBe(false)
  })

  test('is quoted with where it is from', () => {
    expect(quotation({ text: 'A drug.', citation: 'ChEBI; CC BY 4.0' })).toBe('“A drug.” (ChEBI; CC BY 4.0)')
  })
})

describe('a draft', () => {
  test('is held against the sources, sentence by sentence', async () => {
    await lookUp('amiodarone')
    ladder.write()
    await clock.advance(10_000)
    const [first] = ladder.draft.candidates
    if (!first) throw new Error('nothing was written')
    expect(first.checked?.sentences.map((one) => one.support)).toEqual(['supported', 'partly', 'none'])
    const text = `Amiodarone is ${first.tokens
      .map((one) => one.text)
      .join('')
      .trim()}`
    const alarms = first.checked?.sentences.flatMap((one) => alarmsOf(one, text)) ?? []
    expect(alarms).toContain('In no source: dose “400 mg”')
    expect(markedText('amiodarone', first)).toMatch(
      /potential\. \[generated, supported by Glossary of the twin MESH:D000638[^\]]*\] .*nausea\. \[generated, partly supported by .*children\. \[generated, no source\]$/,
    )
  })

  test('without a source takes a step of its own', async () => {
    const described = vi.spyOn(host, 'describe')
    await lookUp('zorbitalimab')
    ladder.write()
    expect(described).not.toHaveBeenCalled()
    expect(ladder.unsourced).toBe(true)
    ladder.write()
    await clock.advance(10_000)
    expect(described).toHaveBeenCalledOnce()
    const [first] = ladder.draft.candidates
    expect(first?.checked?.sentences.every((one) => one.mark === '[generated, no source]')).toBe(true)
    await lookUp('asprin')
    expect(ladder.unsourced, 'another term is another step').toBe(false)
  })

  test('that could not be checked says so, and is not called supported', async () => {
    await lookUp('amiodarone')
    host.checkSupport = () => Promise.reject({ code: 'other', message: 'The dictionary is damaged.', hint: '' })
    ladder.write()
    await clock.advance(10_000)
    expect(ladder.draft.error?.message).toBe('The dictionary is damaged.')
    const [first] = ladder.draft.candidates
    if (!first) throw new Error('nothing was written')
    expect(first.checked).toBeNull()
    expect(markedText('amiodarone', first)).toMatch(/\[generated, no source\]$/)
  })

  test('is held against other sources when another meaning is chosen', async () => {
    await lookUp('cold')
    ladder.choose(0)
    ladder.write()
    await clock.advance(10_000)
    const check = vi.spyOn(host, 'checkSupport')
    ladder.choose(1)
    await clock.advance(1_000)
    expect(check.mock.calls[0]?.[0].sources.map((one) => one.number)).toEqual([3])
  })

  test('has its tokens under their sentences, and alarms where they stand', () => {
    const checked: CheckedText = {
      coverage: 0.5,
      sentences: [
        { span: { start: 0, end: 16 }, support: 'supported', sources: [1], alarms: [], mark: '[1]' },
        {
          span: { start: 17, end: 30 },
          support: 'none',
          sources: [],
          alarms: [{ kind: 'number', span: { start: 24, end: 26 } }],
          mark: '[0]',
        },
      ],
    }
    const one = candidate([' an ar', 'th', '.', ' It has', ' 40', ' of.'], checked)
    const groups = groupsOf('gout', one, checked)
    expect(groups.map((group) => group.pieces.map((piece) => piece.text).join(''))).toEqual([
      'Gout is an arth.',
      ' It has 40 of.',
    ])
    expect(groups[1]?.pieces.filter((piece) => piece.alarm).map((piece) => piece.text)).toEqual([' 40'])
    expect(groupsOf('gout', one, null)).toHaveLength(1)
  })
})

test('a mark names a source so that it can be found again', async () => {
  await lookUp('amiodarone')
  if (!ladder.knowledge) throw new Error('unknown')
  expect(sourcesOf(ladder.knowledge, ladder.meaning).map((one) => one.label)).toEqual([
    'Glossary of the twin MESH:D000638',
    'Roles of the twin CHEBI:2663',
    'Open abstracts of the twin PMID 39104417',
  ])
})

test('what is selected by hand in a draft of the model is copied with its marks', () => {
  document.body.innerHTML =
    '<section><h2>Draft</h2><p><span data-mark="[a]">It is one.</span><b>No source</b></p><p><span data-mark="[b]">Two is it.</span></p><i>mine</i></section>'
  const root = document.querySelector('section') as HTMLElement
  const selection = document.getSelection()
  const select = (from: Node, start: number, to: Node, end: number) => selection?.setBaseAndExtent(from, start, to, end)
  const [first, second] = [...root.querySelectorAll('span')].map((one) => one.firstChild as Text)
  if (!first || !second) throw new Error('no text')
  select(first, 3, first, 6)
  expect(selectedWithMarks(root)).toBe('is [a]')
  select(first, 3, second, 3)
  expect(selectedWithMarks(root)).toBe('is one. [a]\nNo sourceTwo [b]')
  const own = root.querySelector('i')?.firstChild as Text
  select(own, 0, own, 4)
  expect(selectedWithMarks(root)).toBeNull()
})

describe('the panel', () => {
  test('shows the steps one after the other, by keyboard alone', async () => {
    const user = userEvent.setup()
    const inserted: string[] = []
    render(LookUp, { app, ladder, onquote: (text: string) => inserted.push(text) })
    await user.type(screen.getByPlaceholderText(/^A term/), 'cold{Enter}')
    await clock.advance(1_000)
    await user.click(await screen.findByRole('radio', { name: /common cold/ }))
    await user.click(screen.getAllByRole('button', { name: 'Insert' })[0] as HTMLElement)
    expect(inserted[0]).toMatch(
      /^“An infection of the nose .*” \(Glossary of the twin; release 2026-10; MESH:D003139; CC0 1.0\)$/,
    )
    expect(screen.queryByText(/%/)).toBeNull()
    expect(document.querySelector('article .words')).toBeNull()
  })
})
