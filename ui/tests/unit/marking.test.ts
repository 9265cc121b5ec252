import { describe, expect, test, vi } from 'vitest'
import { wordBeginning } from '../../src/annotator/tokens'
import { tokensOf } from '../../src/annotator/tokens'
import { mentionsOf, typeOfSide } from '../../src/features/annotate/mentions'
import { Queue } from '../../src/features/annotate/queue.svelte'
import { Session } from '../../src/features/annotate/session.svelte'
import { ManualClock } from '../../src/host/scripted/clock'
import { scriptedHost } from '../../src/host/scripted'
import { App } from '../../src/shared/app.svelte'
import { placesOf } from '../../src/shared/find'
import { lookOf } from '../../src/shared/words'

async function openApp() {
  const host = scriptedHost({ scene: 'review', clock: new ManualClock() })
  const app = new App(host, await host.start())
  const [id = 0] = await host.documentIds('newestFirst', { undecided: false, withoutTask: null, origin: null })
  app.document = id
  const session = app.keep(Session)
  await session.open(id)
  return { app, host, session }
}

describe('relating by keyboard', () => {
  test('only names whose type fits are offered, once each, and letters go to them', async () => {
    const { session } = await openApp()
    const first = session.mentions.find((mention) => mention.text.toLowerCase() === 'amiodarone')
    if (!first) throw new Error('no drug')
    session.marking.active = first.id
    session.marking.beginRelation()
    const partners = session.marking.partnersOf(first.id)
    expect(new Set(partners.map((one) => one.type))).toEqual(new Set(['Disease']))
    expect(new Set(partners.map((one) => one.text.toLowerCase())).size).toBe(partners.length)
    for (const letter of 'nau') session.marking.typePartner(letter)
    expect(session.marking.activeMention?.text).toBe('nausea')
    // Enter stores it, with the ids of both names.
    await session.marking.relate(first.id, session.marking.active ?? '')
    await vi.waitFor(() => expect(session.row?.subject.kind).toBe('added'))
    expect(session.row?.content.participants.map((one) => one.concepts[0]?.id)).toEqual(['D000638', 'D009325'])
  })

  test('a new mention is at once the one that keys are about', async () => {
    const { session } = await openApp()
    const start = session.view?.text.indexOf('imaginary') ?? 0
    await session.marking.mark('Chemical', false, { start, end: start + 'imaginary'.length })
    expect(session.marking.activeMention).toMatchObject({ text: 'imaginary', state: 'added' })
    expect(session.deciding.target).toMatchObject({ kind: 'added' })
  })

  test('leaving it goes back to where it began', async () => {
    const { session } = await openApp()
    const first = session.mentions.find((mention) => mention.type === 'Chemical')
    session.marking.active = first?.id ?? null
    session.marking.beginRelation()
    expect(session.marking.clear()).toBe(true)
    expect([session.marking.relating, session.marking.active]).toEqual([null, first?.id])
    expect(session.marking.clear()).toBe(true)
    expect(session.marking.active).toBeNull()
    expect(session.marking.clear()).toBe(false)
  })
})

test('a word is found by its first letters, from where one is, and then from the beginning', () => {
  const text = 'Rapid amiodarone loading can cause rapid loss'
  const tokens = tokensOf(text)
  const at = (offset: number, letters: string) => {
    const found = wordBeginning(text, tokens, offset, letters)
    return found && [found.start, text.slice(found.start, found.end)]
  }
  expect(at(0, 'am')).toEqual([6, 'amiodarone'])
  expect(at(1, 'rap')).toEqual([0, 'Rapid'])
  expect(at(6, 'rap')).toEqual([35, 'rapid'])
  expect(at(36, 'lo')).toEqual([41, 'loss'])
  expect(at(0, 'zz')).toBeNull()
})

test('the second drug of an interaction is a drug, and is drawn as one', () => {
  const participant = (role: string, name: string, start: number) => ({
    role,
    name,
    spans: [{ start, end: start + name.length }],
    concepts: [],
    grade: 'exact' as const,
  })
  const relation = {
    subject: { kind: 'finding' as const, id: 1 },
    signature: 's',
    decision: null,
    prediction: null,
    content: {
      kind: 'relation' as const,
      type: 'mechanism',
      participants: [participant('drug', 'fluconazole', 0), participant('target', 'warfarin', 14)],
    },
  }
  const mentions = mentionsOf([relation], 'fluconazole , warfarin')
  expect(mentions.map((mention) => [mention.text, mention.type, lookOf(mention.type).letter])).toEqual([
    ['fluconazole', 'Chemical', 'C'],
    ['warfarin', 'Chemical', 'C'],
  ])
  expect(typeOfSide('inhibitor', 'target', 1)).toBe('Gene')
  expect(typeOfSide('Association', 'Gene', 1)).toBe('Gene')
})

test('words are found whatever their case, across line ends, and signs are signs', () => {
  expect(placesOf('IL-2 and il-2 (IL\n-2)', 'il-2')).toEqual([
    { start: 0, end: 4 },
    { start: 9, end: 13 },
  ])
  expect(placesOf('drug\nuse, drug use', 'drug use')).toHaveLength(2)
  expect(placesOf('a.b', '.')).toEqual([{ start: 1, end: 2 }])
  expect(placesOf('a', '  ')).toEqual([])
})

describe('the queue', () => {
  test('another order begins with its first entry, and a lost place goes to the first', async () => {
    const { app } = await openApp()
    const shown: string[] = []
    const queue = new Queue(app, (_, key) => shown.push(key))
    await queue.choose('confidence')
    const first = shown.at(-1)
    await queue.choose('uncertainty')
    expect(shown.at(-1)).not.toBe(first)
    const keys = queue.entries.map((entry) => `finding-${String(entry.annotation.subject.id)}`)
    expect(shown.at(-1)).toBe(keys[0])
    expect(await queue.onFrom('finding-999999')).toBe(true)
    expect(shown.at(-1)).toBe(keys[0])
    queue.note(keys[0] ?? '', true)
    expect(await queue.onFrom('finding-999999')).toBe(true)
    expect(shown.at(-1)).toBe(keys[1])
  })

  test('what was decided is not offered again, though the list was read before', async () => {
    const { app } = await openApp()
    const shown: string[] = []
    const queue = new Queue(app, (_, key) => shown.push(key))
    await queue.choose('reading')
    for (const entry of queue.entries) queue.note(`finding-${String(entry.annotation.subject.id)}`, true)
    expect(await queue.onFrom(shown[0] ?? null)).toBe(false)
  })
})
